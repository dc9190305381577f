package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sunder/nodes"
)

func observe(t *testing.T, path string, terms ...uint64) *observer {
	t.Helper()
	o, err := openObserver(path, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range terms {
		o.add(nodes.Observation{Fact: nodes.BecameFollower, Term: term})
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestObservationsOverBoots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "obs")
	observe(t, path, 1, 2)
	observe(t, path) // a boot without observations is a boot
	observe(t, path, 7)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := nodes.ParseObserved(text)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d observations, %v", len(all), err)
	}
	for i, want := range []struct{ boot, seq, term uint64 }{{1, 0, 1}, {1, 1, 2}, {3, 0, 7}} {
		o := all[i]
		if o.Boot != want.boot || o.Seq != want.seq || o.Term != want.term || o.Node != 3 {
			t.Errorf("observation %d is %+v, want %+v", i, o, want)
		}
		if i > 0 && o.Time < all[i-1].Time || o.Time == 0 {
			t.Errorf("observation %d was made at %v", i, o.Time)
		}
	}
}

func TestTornObservationIsCut(t *testing.T) {
	const line = `{"node":3,"boot":1,"seq":0,"time":1,"fact":"voted","term":1}` + "\n"
	for _, c := range []struct {
		name, text string
		keeps      int
		fails      bool
	}{
		{"empty", "", 0, false},
		{"whole", line + line, 2 * len(line), false},
		{"torn", line + line[:20], len(line), false},
		{"only torn", line[:20], 0, false},
		{"torn before the line end", line + line[:len(line)-1], len(line), false},
		{"many lines, torn", strings.Repeat(line, 5000) + "{", 5000 * len(line), false},
		{"no lines at all", strings.Repeat("x", tornMax+1), 0, true},
	} {
		path := filepath.Join(t.TempDir(), "obs")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		o, err := openObserver(path, 3)
		if (err != nil) != c.fails {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		o.add(nodes.Observation{Fact: nodes.Voted, Term: 9})
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text[:c.keeps]) != c.text[:c.keeps] {
			t.Errorf("%s: what was whole is damaged (%v)", c.name, err)
		}
		last, err := nodes.ParseObserved(text[c.keeps:])
		if err != nil || len(last) != 1 || last[0].Term != 9 {
			t.Errorf("%s: after it stands %q, %v", c.name, text[c.keeps:], err)
		}
	}
}

func TestNothingLeavesWhenObservationsCannotBeWritten(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	cfg := c.configs[1]
	cfg.Observations = filepath.Join(t.TempDir(), "obs")
	if err := os.Symlink("/dev/full", cfg.Observations); err != nil {
		t.Skip(err)
	}
	c.configs[1] = cfg
	c.start(1)
	err := <-c.lives[1].ended
	delete(c.lives, 1)
	if err == nil || !strings.Contains(err.Error(), "write observations") {
		t.Errorf("Run: %v", err)
	}
}
