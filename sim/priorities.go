package sim

import (
	"math"
	"slices"
	"time"
)

// priorities are the ranks of links, the fastest first. A schedule that an ordering bug of depth d
// needs is met with probability 1/(n·k^(d-1)) at least, for n links and k messages, whatever it
// looks like: that is more than chance gives to the schedules that need one message to be far
// behind the others (PCT: Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees
// of Finding Bugs", ASPLOS 2010; here the links take the place of threads).
type priorities struct {
	rank    []int    // of each link
	changes []uint64 // messages after which a link falls to the last rank, ascending
}

// Among so many messages the changes are spread; slowest is what the last link adds.
const (
	changeSpan = 4000
	slowest    = 60 * time.Millisecond
)

func newPriorities(seed uint64, n, changes int) *priorities {
	p := &priorities{}
	for i := range n * n {
		p.rank = append(p.rank, i)
	}
	for i := len(p.rank) - 1; i > 0; i-- {
		k := int(mix(seed, streamPriority, uint64(i)) % uint64(i+1))
		p.rank[i], p.rank[k] = p.rank[k], p.rank[i]
	}
	for i := range changes {
		p.changes = append(p.changes, 1+mix(seed, streamPriority, uint64(i), 1)%changeSpan)
	}
	slices.Sort(p.changes)
	return p
}

// latency is what a message over a link takes, when so many were sent.
func (p *priorities) latency(link int, messages uint64) time.Duration {
	for len(p.changes) > 0 && p.changes[0] <= messages {
		p.changes = p.changes[1:]
		p.demote(link)
	}
	part := float64(p.rank[link]) / float64(len(p.rank))
	return latencyMin + time.Duration(float64(latencyMin)*
		math.Pow(float64(slowest)/float64(latencyMin), part))
}

// demote gives the link that just sends the last rank.
func (p *priorities) demote(link int) {
	was := p.rank[link]
	for i := range p.rank {
		if p.rank[i] > was {
			p.rank[i]--
		}
	}
	p.rank[link] = len(p.rank) - 1
}
