package nodestest

import (
	"fmt"
	"time"

	"sunder/nodes/kv"
)

// Judge says in words all that went wrong so far: contracts broken, nodes that stopped
// themselves, what the oracles found, and reads of what had been overwritten.
func (c *Cluster) Judge() []string {
	out := append([]string(nil), c.Broken...)
	for _, m := range c.machines {
		if m.stopped != "" {
			out = append(out, fmt.Sprintf("%s stopped: %s", m.id, m.stopped))
		}
	}
	for _, v := range c.Violations {
		out = append(out, v.Oracle+": "+v.Words)
	}
	return append(out, c.stale()...)
}

// span is when something was written: between begin and end. An open end is the far future.
type span struct{ begin, end time.Duration }

// stale finds reads of a register that returned a value which another write, begun after that
// value's write had ended, had replaced before the read began. It never blames a linearizable
// history; it needs values that are written once. It does not find all: that is porcupine's part.
func (c *Cluster) stale() []string {
	type register struct {
		key   string
		value int64
	}
	writes := map[register]span{}
	var out []string
	for _, w := range c.Calls {
		if w.Command.Op == kv.Write && w.Result.Status != kv.Definite {
			end := w.Completed
			if w.Result.Status != kv.OK {
				end = 1 << 62
			}
			writes[register{w.Command.Key, w.Command.Arg}] = span{w.Invoked, end}
		}
	}
	for _, r := range c.Calls {
		if r.Command.Op != kv.Read || r.Result.Status != kv.OK {
			continue
		}
		latest := span{begin: -1}
		for _, w := range c.Calls {
			ended := w.Result.Status == kv.OK && w.Completed < r.Invoked
			if w.Command.Op == kv.Write && w.Command.Key == r.Command.Key && ended &&
				w.Invoked > latest.begin {
				latest = span{w.Invoked, w.Completed}
			}
		}
		seen, written := writes[register{r.Command.Key, r.Result.Value}]
		switch {
		case !r.Result.Found && latest.begin >= 0:
			out = append(out, fmt.Sprintf("%s read nothing of %s at %s, written at %s",
				r.Node, r.Command.Key, r.Invoked, latest.end))
		case r.Result.Found && !written:
			out = append(out, fmt.Sprintf("%s read %d of %s at %s, which nobody wrote",
				r.Node, r.Result.Value, r.Command.Key, r.Invoked))
		case r.Result.Found && seen.end < latest.begin:
			out = append(out, fmt.Sprintf("%s read %d of %s at %s, replaced at %s",
				r.Node, r.Result.Value, r.Command.Key, r.Invoked, latest.end))
		}
	}
	return out
}
