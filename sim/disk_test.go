package sim

import (
	"errors"
	"fmt"
	"math/bits"
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
			choice = map[uint64]int{drawPrefix: names}[purpose] // in order
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

// A directory whose changes come in any order may have a later one and not an earlier one.
func TestNamesAreLostInAnyOrder(t *testing.T) {
	left := map[string]bool{}
	for kept := range 8 {
		d := newDisk()
		d.append("a", []byte("1"))
		d.append("b", []byte("2"))
		if err := errors.Join(d.synced(d.sync("a", 1)), d.synced(d.sync("b", 2)),
			d.synced(d.sync(nodes.Dir, 3))); err != nil {
			t.Fatal(err)
		}
		d.rename("a", "x")
		d.rename("b", "y")
		d.remove("x")
		d.lose(func(f nodes.File, purpose uint64, n int) int {
			switch {
			case f == nodes.Dir && purpose == drawInOrder:
				return 1
			case f == nodes.Dir:
				return kept >> (purpose - drawChange) & 1
			}
			return 0
		})
		left[d.String()] = true
	}
	for _, want := range []string{"a=1 b=2", "b=2 x=1", "a=1 y=2", "x=1 y=2", "b=2", "y=2"} {
		if !left[want] {
			t.Errorf("no loss of power leaves %q: %v", want, left)
		}
	}
	if len(left) != 6 {
		t.Errorf("%d outcomes, want 6: %v", len(left), left)
	}
}

// On a full disk what still fits is written, the node hears of the rest at its next sync, and
// killing it loses nothing.
func TestAFullDiskCutsAWriteShort(t *testing.T) {
	d := newDisk()
	d.append("log", []byte("ab"))
	d.mode, d.room = diskFull, 3
	d.append("log", []byte("cd"))
	d.append("log", []byte("ef"))
	d.append("new", []byte("x"))
	if err := d.synced(d.sync("log", 1)); !errors.Is(err, errFull) {
		t.Errorf("the sync says %v, want %v", err, errFull)
	}
	if got := d.String(); got != "log=abcde" || d.faulty != 1 {
		t.Errorf("%d writes failed and left %q, want 1 and log=abcde", d.faulty, got)
	}
}

// One bit flips, of what is durable, wherever that is.
func TestABitFlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDisk()
		before := rapid.StringN(1, 9, 9).Draw(t, "durable")
		d.append("log", []byte(before))
		s := d.sync("log", 1)
		d.append("log", []byte("late"))
		d.append("new", []byte("late"))
		draw := func(_ uint64, n int) int { return rapid.IntRange(0, n-1).Draw(t, "draw") }
		if d.flip(draw); d.flips != 0 || d.String() != "log="+before+"late new=late" {
			t.Fatalf("%d bits flipped of %q before anything was durable", d.flips, d.String())
		}
		if err := d.synced(s); err != nil {
			t.Fatal(err)
		}
		d.flip(draw)
		ones := 0
		for i, b := range d.names["log"].data[:len(before)] {
			ones += bits.OnesCount8(b ^ before[i])
		}
		if ones != 1 || d.flips != 1 || string(d.names["log"].data[len(before):]) != "late" {
			t.Errorf("%q is %q, %d bits are said to have flipped", before, d.String(), d.flips)
		}
	})
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
