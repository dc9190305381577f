package replay

import (
	"strings"
	"testing"
)

// A counter of steps; operation i is possible only as the (i mod 3)th.
func TestVerify(t *testing.T) {
	times := [][2]uint32{{1, 4}, {2, 6}, {5, 1 << 31}}
	for _, c := range []struct {
		name  string
		order []int32
		err   string
	}{
		{"whole", []int32{0, 1, 2}, ""},
		{"without the open one", []int32{0, 1}, ""},
		{"one missing", []int32{0}, "operation 1 has no place"},
		{"twice", []int32{0, 0}, "twice"},
		{"no operation", []int32{3}, "none"},
		{"negative", []int32{-1}, "none"},
		{"too late", []int32{2, 0}, "had completed"},
		{"impossible", []int32{1, 0}, "cannot answer so"},
	} {
		at := 0
		err := Verify(History{
			N:        len(times),
			Interval: func(i int) (uint32, uint32) { return times[i][0], times[i][1] },
			Must:     func(i int) bool { return i < 2 },
		}, c.order, func(i int) bool { at++; return c.name == "too late" || i == at-1 })
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
	}
}
