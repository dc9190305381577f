package edn

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func TestNext(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"nil true false", "null true false"},
		{"1 -2 +3 4N 123456789012345678901234567890 1.5 2M 1e3",
			"1 -2 3 4 123456789012345678901234567890 1.5 2 1000"},
		{`:a :a/b sym \a \newline \u0041 "x\n\"\u0041"`, `"a" "a/b" "sym" "a" "\n" "A" "x\n\"A"`},
		{"[1 2](3,4)#{5 6}{:a 1, \"b\" [2], 3 nil, [4] {}}",
			`[1,2] [3,4] [5,6] {"a":1,"b":[2],"3":null,"[4]":{}}`},
		{"; a comment\n[1 ; another\n 2] #_ [hidden] 3 [#_ 4 5]", "[1,2] 3 [5]"},
		{`#jepsen.history.Op{:index 1} #inst "2026"`, `{"index":1} "2026"`},
		{"##Inf [##NaN]", `"Inf" ["NaN"]`},
		{"", ""},
		{"[", "! edn line 1, column 1: unexpected EOF"},
		{"[1\n  )", `! edn line 2, column 3: ')' closes nothing`},
		{"{:a}", "! edn line 1, column 4: a map with a key that has no value"},
		{`"abc`, "! edn line 1, column 4: unexpected EOF"},
		{`"\q"`, `! edn line 1, column 3: no escape begins with 'q'`},
		{"1x2", `! edn line 1, column 3: "1x2" is no number`},
		{"0x1F", `! edn line 1, column 4: "0x1F" is no number`},
		{`\nosuch`, `! edn line 1, column 7: no character is named "nosuch"`},
		{strings.Repeat("[", 300), "! edn line 1, column 201: nested more than 200 deep"},
		{"#_", "! edn line 1, column 2: unexpected EOF"},
		{"#tag #_ 1", `! edn line 1, column 9: tag "tag" has no value`},
	} {
		d := NewDecoder(strings.NewReader(c.in))
		var got []string
		for {
			v, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				got = []string{"!", err.Error()}
				break
			}
			got = append(got, string(AppendJSON(nil, v)))
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%.40q:\n got %s\nwant %s", c.in, g, c.want)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte(`[{:process 0, :type :invoke, :f :cas, :value [0 1]} #{1} #a/b "x" \a ##Inf]`))
	f.Fuzz(func(t *testing.T, in []byte) {
		d := NewDecoder(bytes.NewReader(in))
		for {
			v, err := d.Next()
			if err != nil {
				return
			}
			if b := AppendJSON(nil, v); !json.Valid(b) {
				t.Fatalf("%q becomes %q, which is no JSON", in, b)
			}
		}
	})
}
