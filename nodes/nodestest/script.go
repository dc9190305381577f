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
//	repeat [from=n1] [to=n2]       it will arrive twice
//	sync [n1]                      the fsyncs that are under way end, and those they lead to; with
//	                               n=1, one of them
//	isolate n1, heal               cut n1 off from all others; let all messages pass again
//	settle                         deliver and sync until nothing is under way
//	do n1 write x 5                a client's command
//	crash n1 [power], start n1     a kill, or a power loss that takes all that was not synced
//	rate n1 0.9                    n1's clock counts 0.9 seconds in a true one
//	elect n2                       time passes until n2 is elected, as far as the network allows
//	must-lead n2, must-know n2 5   it is wrong if n2 does not lead now, or does not know entry 5
//	recover                        all is healed, and all works or it is wrong; not told in detail
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
	case "deliver", "drop", "repeat":
		s.deliver(d)
	case "sync":
		s.sync(d, id)
	case "settle":
		for s.one(func(e event) bool { return e.kind != timer }, true) {
		}
	case "do":
		return s.command(id, words[1:])
	case "elect":
		s.elect(id)
	case "recover":
		before := s.out.Len()
		s.c.Recover()
		s.keep(before)
	case "status":
		s.status()
	case "under-way":
		for _, e := range s.c.events {
			if e.kind == deliver {
				s.say("%s -> %s %v", e.from, e.node, e.m)
			}
		}
	case "must-lead", "must-know":
		return s.must(d.Cmd, id, words)
	default:
		return s.fault(d.Cmd, id, words)
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
