package nodestest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cockroachdb/datadriven"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// The steps of scripts.

func (s *script) fault(what string, id nodes.ID, words []datadriven.CmdArg) error {
	switch what {
	case "isolate":
		s.c.Isolate(id)
	case "heal":
		s.c.Heal()
	case "crash":
		how := Kill
		if len(words) > 1 {
			how = Power
		}
		s.c.Crash(id, how)
	case "start":
		s.c.Start(id)
	case "rate":
		rate, err := strconv.ParseFloat(words[1].Key, 64)
		s.c.SetRate(id, rate)
		return err
	default:
		return fmt.Errorf("no command %s", what)
	}
	return nil
}

// must says what is wrong if a node is not what it must be by now.
func (s *script) must(what string, id nodes.ID, words []datadriven.CmdArg) error {
	st, ok := s.c.Status(id)
	if what == "must-lead" {
		if !ok || st.Role != "leader" {
			s.c.broken(id, "does not lead, though a majority could elect it")
		}
		return nil
	}
	index, err := strconv.ParseUint(words[1].Key, 10, 64)
	if !ok || st.Commit < index {
		s.c.broken(id, "does not know entry %d to be committed", index)
	}
	return err
}

// timeout lets time pass to the node's next timer; a timer that was only put off fires again.
func (s *script) timeout(id nodes.ID) {
	for before := s.out.Len(); s.out.Len() == before; {
		if !s.one(func(e event) bool { return e.kind == timer && e.node == id }, true) {
			return
		}
	}
}

// keep forgets all that was said since.
func (s *script) keep(before int) {
	kept := s.out.String()[:before]
	s.out.Reset()
	s.out.WriteString(kept)
}

// sync lets fsyncs end.
func (s *script) sync(d *datadriven.TestData, id nodes.ID) {
	n := 0
	d.MaybeScanArgs(s.t, "n", &n)
	mine := func(e event) bool { return e.kind == synced && (id == 0 || e.node == id) }
	for i := 0; n == 0 || i < n; i++ {
		if !s.one(mine, true) {
			return
		}
	}
}

// elect lets so much time pass that others may vote again, and then what it takes to be elected: a
// second try where the first one only learned the term.
func (s *script) elect(id nodes.ID) {
	for try := 0; try < 3; try++ {
		s.c.now += 300 * time.Millisecond
		s.timeout(id)
		for s.one(func(e event) bool { return e.kind != timer }, true) {
		}
		if st, ok := s.c.Status(id); ok && st.Role == "leader" {
			return
		}
	}
}

// one takes the first event that is chosen, and lets it happen or not.
func (s *script) one(chosen func(event) bool, happens bool) bool {
	for i, e := range s.c.events {
		stale := e.kind == timer && s.c.at(e.node).timers[e.timer].seq != e.seq
		if !stale && chosen(e) {
			s.c.events = append(s.c.events[:i:i], s.c.events[i+1:]...)
			s.c.now = max(s.c.now, e.at)
			if happens {
				s.c.happen(e)
			}
			return true
		}
	}
	return false
}

// deliver lets those messages arrive, or not, or twice, that are under way now.
func (s *script) deliver(d *datadriven.TestData) {
	from, to, n, skip := "", "", 0, 0
	d.MaybeScanArgs(s.t, "from", &from)
	d.MaybeScanArgs(s.t, "to", &to)
	d.MaybeScanArgs(s.t, "n", &n)
	d.MaybeScanArgs(s.t, "skip", &skip)
	last := s.c.seq
	chosen := func(e event) bool {
		return e.kind == deliver && e.seq <= last && (from == "" || e.from.String() == from) &&
			(to == "" || e.node.String() == to)
	}
	past := uint64(0)
	for _, e := range s.c.events {
		if skip > 0 && chosen(e) {
			past, skip = e.seq, skip-1
		}
	}
	later := func(e event) bool { return e.seq > past && chosen(e) }
	if d.Cmd == "repeat" {
		for _, e := range slices.Clone(s.c.events) {
			if later(e) {
				s.c.schedule(e)
			}
		}
		return
	}
	for i := 0; n == 0 || i < n; i++ {
		if !s.one(later, d.Cmd == "deliver") {
			return
		}
	}
}

func (s *script) command(to nodes.ID, words []datadriven.CmdArg) error {
	var c kv.Command
	if err := c.Op.UnmarshalText([]byte(words[0].Key)); err != nil {
		return err
	}
	if len(words) > 1 {
		c.Key = words[1].Key
	}
	if len(words) > 2 {
		n, err := strconv.ParseInt(words[2].Key, 10, 64)
		if err != nil {
			return err
		}
		c.Arg = n
	}
	s.c.Do(to, c)
	return nil
}

func (s *script) status() {
	for _, id := range s.c.IDs() {
		st, ok := s.c.Status(id)
		if !ok {
			s.say("%s is down", id)
			continue
		}
		s.say("%s %s of term %d, leader %s, commit %d", id, st.Role, st.Term, st.Leader, st.Commit)
	}
}
