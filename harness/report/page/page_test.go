package page_test

import (
	"bytes"
	"os"
	"testing"

	"sunder/harness/report/page"
	"sunder/harness/report/reporttest"
)

func TestLook(t *testing.T) {
	for name, invalid := range map[string]bool{"valid": false, "invalid": true} {
		var b bytes.Buffer
		if err := page.Write(&b, reporttest.Run(invalid)); err != nil {
			t.Fatal(err)
		}
		os.WriteFile("/tmp/report-"+name+".html", b.Bytes(), 0o644)
		t.Log(name, b.Len())
	}
}
