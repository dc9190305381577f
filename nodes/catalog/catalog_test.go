package catalog

import (
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range Protocols() {
		got, err := Find(p.Name)
		if err != nil || got.Name != p.Name {
			t.Errorf("Find(%q) = %q, %v", p.Name, got.Name, err)
		}
		if seen[p.Name] || p.Name == "" {
			t.Errorf("two protocols are named %q", p.Name)
		}
		seen[p.Name] = true
		if p.New == nil || p.Decode == nil || p.Doc == "" || len(p.Ops) == 0 || p.Clock == nil {
			t.Errorf("%s is not complete", p.Name)
		}
	}
	if _, err := Find("rafft"); err == nil || !strings.Contains(err.Error(), "raft") ||
		!strings.Contains(err.Error(), "rafft") {
		t.Errorf("an unknown name: %v", err)
	}
}
