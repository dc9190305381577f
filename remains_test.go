package main

import (
	"os"
	"path/filepath"
	"testing"

	"sunder/nodes"
)

// TestDamagedObservationsCountAsMissing: of a node that observed nothing the oracles say unknown.
// They must not judge what stands before the damage as if it was all.
func TestDamagedObservationsCountAsMissing(t *testing.T) {
	const line = `{"node":1,"boot":1,"seq":0,"time":1,"fact":"leader","term":1}` + "\n"
	for text, want := range map[string]int{
		line:                     1,
		line + `{"node":1,`:      1, // a torn last line is normal
		line + "damage\n" + line: 0,
	} {
		dir := t.TempDir()
		home := filepath.Join(dir, "nodes", "n1")
		if err := os.MkdirAll(home, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, observationsFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		left, err := readRemains(dir, []nodes.ID{1})
		if len(left.observed[1]) != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %d observations, error %v", text, len(left.observed[1]), err)
		}
	}
}
