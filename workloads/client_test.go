package workloads_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/workloads"
)

// TestClients runs the scripts in testdata. A client does an operation against answers that are
// written down beforehand, one for each command that it sends:
//
//	do PROCESS FUNCTION [VALUE] [NODE]
//	ANSWER
//	...
//
// There are three nodes. The client of thread 0 is pinned to n1, that of thread 1 roams, that of
// thread 3 insists on a session. An answer is
//
//	ok [VALUE|SESSION]    none              the register was never written
//	definite CODE [HINT]  indefinite CODE
//	refused  timeout  closed  stopped  stopped-before
//
// and takes a millisecond; a timeout takes the whole time, and what ends in "late" 300 ms. The
// output is what was sent, and how the operation ended and when. Commas are written as semicolons.
func TestClients(t *testing.T) {
	datadriven.Walk(t, "testdata/clients", func(t *testing.T, path string) {
		clients := map[history.Process]nodes.Client{}
		o := options(16)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var p history.Process
			inv := history.Event{Kind: history.Invoke, Key: "k0"}
			for i, arg := range d.CmdArgs {
				switch {
				case i == 0:
					fmt.Sscan(arg.Key, &p)
				case i == 1:
					inv.F = arg.Key
				case arg.Key[0] == 'n' && len(arg.Key) == 2:
					inv.Node = arg.Key
				default:
					inv.Value = history.Value(strings.ReplaceAll(arg.Key, ";", ","))
				}
			}
			inv.Process = p
			if clients[p] == nil {
				clients[p] = workloads.Register().Client(o, p)
			}
			s := &scripted{t: t, answers: strings.Split(strings.TrimSpace(d.Input), "\n")}
			v, err := clients[p].Invoke(s, inv)
			e := history.Complete(inv, s.now, v, err)
			fmt.Fprintf(&s.out, "%s %s after %v", e.Kind, e.Value, e.Time)
			if e.Error != "" {
				fmt.Fprintf(&s.out, ": %s", e.Error)
			}
			if len(s.answers) > 0 && s.answers[0] != "" {
				fmt.Fprintf(&s.out, "\nnever asked for: %q", s.answers)
			}
			return s.out.String() + "\n"
		})
	})
}

// options are of a test of three nodes.
func options(concurrency int) workloads.Options {
	return workloads.Options{Nodes: []nodes.ID{1, 2, 3}, Concurrency: concurrency,
		TimeLimit: time.Second, Sessions: true}
}

// scripted is a connection that answers from a script.
type scripted struct {
	t       *testing.T
	answers []string
	now     time.Duration
	out     strings.Builder
}

func (s *scripted) Now() time.Duration { return s.now }

func (s *scripted) Sleep(d time.Duration) {
	s.now += d
	fmt.Fprintf(&s.out, "sleeps %v\n", d)
}

func (s *scripted) Do(to nodes.ID, c kv.Command, timeout time.Duration) (kv.Result, error) {
	fmt.Fprintf(&s.out, "%s: %s", to, c.Op)
	if c.Op == kv.CAS {
		fmt.Fprintf(&s.out, " %d to", c.Old)
	}
	if c.Arg != 0 {
		fmt.Fprintf(&s.out, " %d", c.Arg)
	}
	if c.Session != 0 {
		fmt.Fprintf(&s.out, " (session %d, number %d)", c.Session, c.Seq)
	}
	fmt.Fprintln(&s.out)
	if len(s.answers) == 0 || s.answers[0] == "" {
		s.t.Fatalf("the script has no answer to\n%s", &s.out)
	}
	words := strings.Fields(s.answers[0])
	s.answers = s.answers[1:]
	s.now += time.Millisecond
	if words[len(words)-1] == "late" {
		s.now += min(300*time.Millisecond, timeout) - time.Millisecond
	}
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch words[0] {
	case "ok":
		var n int64
		fmt.Sscan(word(1), &n)
		return kv.Result{Status: kv.OK, Found: true, Value: n}, nil
	case "none":
		return kv.Result{Status: kv.OK}, nil
	case "definite":
		return kv.Result{Status: kv.Definite, Code: word(1), Hint: word(2)}, nil
	case "indefinite":
		return kv.Result{Status: kv.Indefinite, Code: word(1)}, nil
	case "refused":
		return kv.Result{}, history.Definite(nodes.ErrUnreachable)
	case "timeout":
		s.now += timeout - time.Millisecond
		return kv.Result{}, nodes.ErrTimeout
	case "closed":
		return kv.Result{}, nodes.ErrClosed
	case "stopped-before":
		return kv.Result{}, history.Definite(nodes.ErrStopped)
	case "stopped":
		return kv.Result{}, nodes.ErrStopped
	}
	s.t.Fatalf("no such answer: %s", words)
	return kv.Result{}, errors.New("")
}
