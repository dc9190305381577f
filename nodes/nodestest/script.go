package nodestest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// RunScripts runs the golden interaction tests of a folder: scripts in which nothing happens
// unless it is told, and in which the nodes' deeds stand below each command. Run with -rewrite,
// read the diff, and keep it only if you know why it is so.
//
//	cluster nodes=3 [OPTION=VALUE] [bug=NAME]   make a cluster
//	timeout n1                     time passes until n1's next timer, which fires
//	wait 40ms                      time passes, and nothing else
//	deliver [from=n1] [to=n2]      what is under way arrives, in the order of sending
//	drop [from=n1] [to=n2]         or does not; with n=2, two of them, with skip=1, but the first
//	sync [n1]                      the fsyncs that are under way end, and those they lead to
//	isolate n1, heal               cut n1 off from all others; let all messages pass again
//	settle                         deliver and sync until nothing is under way
//	do n1 write x 5                a client's command
//	crash n1 [power], start n1     a kill, or a power loss that takes all that was not synced
//	elect n2                       time passes until n2 is elected, as far as the network allows
//	without-bug                    the same again, from cluster on, without the planted bug: what
//	                               is wrong then
//	status                         what each node thinks of itself
//	under-way                      what could be delivered
func RunScripts(t *testing.T, folder string, p nodes.Protocol) {
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	datadriven.Walk(t, folder, func(t *testing.T, path string) {
		s := &script{t: t, protocol: p}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.out.Reset()
			if err := s.do(d); err != nil {
				d.Fatalf(t, "%v", err)
			}
			s.judge()
			if s.out.Len() == 0 {
				return "ok"
			}
			return s.out.String()
		})
	})
}

// script is one script at work.
type script struct {
	t        *testing.T
	protocol nodes.Protocol
	c        *Cluster
	out      strings.Builder
	known    map[string]bool
	past     []datadriven.TestData // since the cluster was made
	correct  bool                  // without any bug
}

// withoutBug does all again with the correct protocol.
func (s *script) withoutBug() error {
	again := &script{t: s.t, protocol: s.protocol, correct: true}
	for i := range s.past {
		if err := again.do(&s.past[i]); err != nil {
			return err
		}
	}
	again.out.Reset()
	again.judge()
	s.out.WriteString(again.out.String())
	if again.out.Len() == 0 {
		s.say("nothing is wrong")
	}
	return nil
}

func (s *script) say(format string, args ...any) { fmt.Fprintf(&s.out, format+"\n", args...) }

// judge says what went wrong since the last time.
func (s *script) judge() {
	for _, wrong := range s.c.Judge() {
		if !s.known[wrong] {
			s.say("WRONG: %s", wrong)
		}
		s.known[wrong] = true
	}
}

func (s *script) do(d *datadriven.TestData) error {
	switch d.Cmd {
	case "cluster":
		s.past = []datadriven.TestData{*d}
		s.cluster(d)
		return nil
	case "without-bug":
		return s.withoutBug()
	}
	s.past = append(s.past, *d)
	var id nodes.ID
	words := d.CmdArgs
	if len(words) > 0 && len(words[0].Vals) == 0 {
		var err error
		if d.Cmd != "wait" {
			if id, err = nodes.ParseID(words[0].Key); err != nil {
				return err
			}
		}
	}
	switch d.Cmd {
	case "timeout":
		s.timeout(id)
	case "wait":
		t, err := time.ParseDuration(words[0].Key)
		s.c.now += t
		return err
	case "deliver", "drop":
		s.deliver(d, d.Cmd == "deliver")
	case "sync":
		for s.one(func(e event) bool { return e.kind == synced && (id == 0 || e.node == id) }, true) {
		}
	case "settle":
		for s.one(func(e event) bool { return e.kind != timer }, true) {
		}
	case "do":
		return s.command(id, words[1:])
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
	case "elect":
		s.elect(id)
	case "status":
		s.status()
	case "under-way":
		for _, e := range s.c.events {
			if e.kind == deliver {
				s.say("%s -> %s %v", e.from, e.node, e.m)
			}
		}
	default:
		return fmt.Errorf("no command %s", d.Cmd)
	}
	return nil
}

func (s *script) cluster(d *datadriven.TestData) {
	setup := Setup{Options: map[string]string{}, calm: true}
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "nodes":
			setup.Nodes, _ = strconv.Atoi(a.Vals[0])
		case "bug":
			if !s.correct {
				setup.Bug = a.Vals[0]
			}
		default:
			setup.Options[a.Key] = a.Vals[0]
		}
	}
	s.c, s.known = NewCluster(s.protocol, setup), map[string]bool{}
	s.c.note = s.say
	for s.one(func(e event) bool { return e.kind == synced }, true) {
	}
	s.out.Reset() // how nodes boot is not news in each script
}

// timeout lets time pass to the node's next timer; a timer that was only put off fires again.
func (s *script) timeout(id nodes.ID) {
	for before := s.out.Len(); s.out.Len() == before; {
		if !s.one(func(e event) bool { return e.kind == timer && e.node == id }, true) {
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

// deliver lets those messages arrive, or not, that are under way now.
func (s *script) deliver(d *datadriven.TestData, arrive bool) {
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
	for i := 0; n == 0 || i < n; i++ {
		if !s.one(later, arrive) {
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
