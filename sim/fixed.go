package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sunder/harness/plan"
	"sunder/nodes"
)

// fixed is a network in which everything takes the same time, but for some messages: chance has
// no part in it.
type fixed struct {
	takes  time.Duration
	except map[place]plan.Except
}

// place is a message by where it stands on its link.
type place struct {
	from, to nodes.ID
	kind     uint8
	nth      int
}

// newFixed is the plan's network, if that is a fixed one; nil: it is not.
func newFixed(o Options) (*fixed, error) {
	n := o.Plan.Network
	if n.Fixed.Duration == 0 {
		return nil, nil
	}
	f := &fixed{n.Fixed.Duration, make(map[place]plan.Except, len(n.Except))}
	for i, e := range n.Except {
		kind := slices.Index(o.Protocol.Kinds, e.Kind)
		from, errFrom := nodes.ParseID(e.From)
		to, errTo := nodes.ParseID(e.To)
		switch err := cmp.Or(errFrom, errTo); {
		case e.Kind == "" || kind < 0:
			return nil, fmt.Errorf("network.except[%d].kind is %.40q: %s has no such message; it has %s",
				i, e.Kind, o.Protocol.Name, o.Protocol.KindList())
		case err != nil:
			return nil, fmt.Errorf("network.except[%d]: %w", i, err)
		case max(int(from), int(to)) > o.Plan.Nodes || from == to:
			return nil, fmt.Errorf("network.except[%d] is from %s to %s: that is no link between %d nodes",
				i, from, to, o.Plan.Nodes)
		}
		f.except[place{from, to, uint8(kind), e.Nth}] = e
	}
	return f, nil
}

// fate is what the plan says about a message, if anything.
func (f *fixed) fate(p place) fate {
	e := f.except[p] // or the zero one
	return fate{cmp.Or(e.Takes.Duration, f.takes), e.Lost, e.Again.Duration}
}

// ExceptionsOf is every message between nodes that was sent in a run, as an exception to a network
// of fixed delays: under those alone it goes as it went. moments is all that Watch was told.
func ExceptionsOf(p nodes.Protocol, moments []Moment) []plan.Except {
	var out []plan.Except
	at := make(map[uint64]int) // places in out, by the message
	for _, m := range moments {
		if m.What != Sent && m.What != Lost {
			continue
		}
		i, seen := at[m.Message]
		if !seen {
			i = len(out)
			at[m.Message] = i
			out = append(out, plan.Except{From: m.Node.String(), To: m.Peer.String(),
				Kind: p.Kinds[m.Kind], Nth: m.Nth})
		}
		switch {
		case m.What == Lost:
			out[i].Lost = true
		case seen:
			out[i].Again = plan.Of(m.Takes)
		default:
			out[i].Takes = plan.Of(m.Takes)
		}
	}
	return out
}
