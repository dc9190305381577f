package sim

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sunder/nodes"
)

// keeping draws the same choice for every file.
func keeping(names, keep, part int) func(nodes.File, uint64, int) int {
	return func(f nodes.File, purpose uint64, n int) int {
		choice := map[uint64]int{1: 1, 2: keep, 3: part}[purpose]
		if f == nodes.Dir {
			choice = names
		}
		return min(choice, n-1)
	}
}

func (d *disk) String() string {
	var words []string
	for _, r := range d.found() {
		words = append(words, fmt.Sprintf("%s=%s", r.Name, r.Data))
	}
	return strings.Join(words, " ")
}

func TestWhatALossOfPowerLeaves(t *testing.T) {
	for _, c := range []struct {
		name              string
		names, keep, part int
		want              string
	}{
		{"nothing that was not synced", 0, keepNothing, 0, "log=ab"},
		{"all", 9, keepAll, 0, "log=abcdef new=x"},
		{"the first change of names", 1, keepAll, 0, "log=abcdef tmp=x"},
		{"a part", 0, keepPart, 3, "log=abcde"},
		{"a part and zeros", 0, keepPartAndZeros, 3, "log=abcde\x00"},
		{"a part and garbage", 0, keepPartAndGarbage, 1, "log=abc\x00\x00\x00"},
	} {
		d := newDisk()
		d.append("log", []byte("ab"))
		log, dir := d.sync("log", 1), d.sync(nodes.Dir, 2)
		d.append("log", []byte("cdef")) // too late for that sync
		if err := errors.Join(d.synced(log), d.synced(dir)); err != nil {
			t.Fatal(err)
		}
		d.append("tmp", []byte("x"))
		d.rename("tmp", "new")
		d.lose(keeping(c.names, c.keep, c.part))
		if got := d.String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAnUnsyncedTruncationMayComeUndone(t *testing.T) {
	for undone, want := range map[int]string{0: "log=abcd", 1: "log=abX"} {
		d := newDisk()
		d.append("log", []byte("abcd"))
		s, dir := d.sync("log", 1), d.sync(nodes.Dir, 2)
		if err := errors.Join(d.synced(s), d.synced(dir)); err != nil {
			t.Fatal(err)
		}
		d.truncate("log", 2)
		d.append("log", []byte("X"))
		d.lose(func(_ nodes.File, purpose uint64, n int) int {
			return min(map[uint64]int{1: undone, 2: keepAll}[purpose], n-1)
		})
		if got := d.String(); got != want {
			t.Errorf("draw %d leaves %q, want %q", undone, got, want)
		}
	}
}

func TestFailuresArriveAtTheNextSync(t *testing.T) {
	for _, do := range []func(*disk){
		func(d *disk) { d.truncate("none", 0) },
		func(d *disk) { d.rename("none", "other") },
		func(d *disk) { d.sync("none", 1) },
		func(d *disk) { d.truncate("log", -1) },
	} {
		d := newDisk()
		d.append("log", []byte("a"))
		do(&d)
		if err := d.synced(d.sync("log", 2)); err == nil {
			t.Error("no error, want one")
		}
	}
}

// Whatever was synced, file and name, is there after any loss of power.
func TestWhatWasSyncedStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDisk()
		var durable string
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			d.append("log", []byte(rapid.StringN(0, 4, 8).Draw(t, "bytes")))
			s, dir := d.sync("log", 1), d.sync(nodes.Dir, 2)
			d.append("log", []byte("late"))
			if err := errors.Join(d.synced(s), d.synced(dir)); err != nil {
				t.Fatal(err)
			}
			durable = string(d.names["log"].data[:s.size])
			d.lose(func(_ nodes.File, _ uint64, n int) int {
				return rapid.IntRange(0, n-1).Draw(t, "draw")
			})
			if got := string(d.names["log"].data); !strings.HasPrefix(got, durable) {
				t.Fatalf("%q was durable, %q is left", durable, got)
			}
		}
	})
}
