package page

import (
	"fmt"
	"testing"
	"time"

	"sunder/nodes"
)

func TestConfigurations(t *testing.T) {
	see := func(n nodes.ID, at int, number, mains uint64) nodes.Observed {
		return nodes.Observed{Node: n, Time: time.Duration(at) * time.Millisecond,
			Observation: nodes.Observation{Fact: nodes.Configured, Term: number, Hash: mains}}
	}
	got := configurations([]nodes.Observed{
		see(1, 20, 1, 0b1010), see(1, 40, 2, 0b1110), {Node: 1, Time: 45 * time.Millisecond},
		see(3, 18, 1, 0b1010), see(3, 50, 2, 0b1110), // later in the list, and earlier in time
	}, 100*time.Millisecond)
	want := "[{1 [n1 n3] 18000000 40000000} {2 [n1 n2 n3] 40000000 100000000}]"
	if s := fmt.Sprint(got); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}
