package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes"
)

// fixed is a network in which everything takes the same time, but for what the plan names: chance
// has no part in it.
type fixed struct {
	takes  time.Duration
	except map[place]plan.Except
}

// place is a message, or a sync, by where it stands among those of its kind on its way. A node is
// its number, and a client process p is -1-p; a sync is on the way from its node to itself.
type place struct {
	from, to int32
	kind     uint8 // of a message between nodes
	nth      int
}

// Words of a plan for what is no message between nodes.
const (
	kindAsk    = "ask"
	kindAnswer = "answer"
	kindSync   = "sync"
)

func client(p history.Process) int32 { return -1 - int32(p) }

// newFixed is the plan's network, if that is a fixed one; nil: it is not.
func newFixed(o Options) (*fixed, error) {
	n := o.Plan.Network
	if n.Fixed.Duration == 0 {
		return nil, nil
	}
	f := &fixed{n.Fixed.Duration, make(map[place]plan.Except, len(n.Except))}
	for i, e := range n.Except {
		at, err := placeOf(o, e)
		if err != nil {
			return nil, fmt.Errorf("network.except[%d] is a %.40q from %.40q to %.40q: %w", i, e.Kind,
				e.From, e.To, err)
		}
		f.except[at] = e
	}
	return f, nil
}

func placeOf(o Options, e plan.Except) (at place, err error) {
	from, errFrom := end(e.From, o.Plan.Nodes)
	to, errTo := end(e.To, o.Plan.Nodes)
	if err := cmp.Or(errFrom, errTo); err != nil {
		return at, err
	}
	at = place{from: from, to: to, nth: e.Nth}
	kind := slices.Index(o.Protocol.Kinds, e.Kind)
	switch {
	case from > 0 && to > 0 && from != to && e.Kind != "" && kind >= 0:
		at.kind = uint8(kind)
	case from < 0 && to > 0 && e.Kind == kindAsk, from > 0 && to < 0 && e.Kind == kindAnswer,
		from > 0 && from == to && e.Kind == kindSync:
	default:
		return at, fmt.Errorf("there is none: between nodes %s has %s; from a client p0 there is %s, "+
			"to it %s, and from a node to itself %s", o.Protocol.Name, o.Protocol.KindList(), kindAsk,
			kindAnswer, kindSync)
	}
	return at, nil
}

// end is what an exception calls n3, or p3 for a client process.
func end(name string, nodeCount int) (int32, error) {
	if number, isClient := strings.CutPrefix(name, "p"); isClient {
		p, err := strconv.ParseUint(number, 10, 31)
		return client(history.Process(p)), err
	}
	id, err := nodes.ParseID(name)
	if err == nil && int(id) > nodeCount {
		err = fmt.Errorf("there are %d nodes", nodeCount)
	}
	return int32(id), err
}

// fate is what the plan says about a message, if anything.
func (f *fixed) fate(p place) fate {
	e := f.except[p] // or the zero one
	return fate{cmp.Or(e.Takes.Duration, f.takes), e.Lost, e.Again.Duration}
}

// ExceptionsOf is everything in a run that takes its time, as an exception to a network of fixed
// delays: under those alone it goes as it went. moments is all that Watch was told.
func ExceptionsOf(p nodes.Protocol, moments []Moment) []plan.Except {
	var out []plan.Except
	at := make(map[uint64]int) // places in out, by the message
	for _, m := range moments {
		e := plan.Except{From: m.Node.String(), To: m.Peer.String(), Nth: m.Nth, Takes: plan.Of(m.Takes)}
		switch m.What {
		case Sent, Lost:
			e.Kind = p.Kinds[m.Kind]
		case Asked:
			e.From, e.To, e.Kind = fmt.Sprintf("p%d", m.Client), e.From, kindAsk
		case Answered:
			e.To, e.Kind = fmt.Sprintf("p%d", m.Client), kindAnswer
		case Syncing:
			e.To, e.Kind = e.From, kindSync
		default:
			continue
		}
		e.Lost = m.What == Lost
		i, again := at[m.Message]
		if again && m.Message != 0 {
			out[i].Again = e.Takes
			continue
		}
		at[m.Message] = len(out)
		out = append(out, e)
	}
	return out
}
