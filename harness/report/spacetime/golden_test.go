package spacetime_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"sunder/harness/history"
	"sunder/harness/report/spacetime"
	"sunder/nodes"
)

// TestGolden shows what people read of fabricated runs: a case is a run, a line for each thing that
// happened, and what is made of it. If it fails, run it with -rewrite, and commit the difference
// only if you understand it.
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "go" {
				name, class, _ := strings.Cut(strings.TrimSpace(d.CmdArgs[0].Key), "/")
				return string(spacetime.GoTest([]byte(d.Input+"\n"), name, class))
			}
			r := parse(t, d.Input)
			switch d.Cmd {
			case "narrate":
				return wrap(spacetime.Narrate(r), 90)
			case "relevant":
				return lines(spacetime.Relevant(r))
			case "svg":
				text := spacetime.SVG(r)
				from, to := strings.Index(text, "<style>"), strings.Index(text, "</style>\n")
				return text[:from] + text[to+len("</style>\n"):]
			}
			d.Fatalf(t, "what is %q?", d.Cmd)
			return ""
		})
	})
}

// parse reads a run. Each line is one of
//
//	nodes n1 n2 n3
//	anomaly CLASS: WORDS
//	fault KIND WHAT NODES START END [to<from,from ...]
//	send FROM TO SENT RECEIVED [cut|lost|down]: LABEL
//	op PROCESS NODE F KEY VALUE ANSWER START END KIND [guilty]
//	fact NODE AT FACT TERM INDEX [peer=NODE] [hash=N] [guilty]
//	life NODE AT up|WHY
//
// where - stands for nothing.
func parse(t *testing.T, text string) (r spacetime.Run) {
	t.Helper()
	for line := range strings.Lines(text) {
		head, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
		w := strings.Fields(head)
		at := func(i int) time.Duration {
			d, err := time.ParseDuration(w[i])
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			return d
		}
		word := func(i int) string { return strings.Trim(w[i], "-") }
		number := func(s string) uint64 {
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			return n
		}
		switch w[0] {
		case "nodes":
			r.Nodes = w[1:]
		case "plan":
			r.Plan = strings.Join(w[1:], " ")
		case "anomaly":
			r.Class, r.Words = strings.Join(w[1:], " "), rest
		case "fault":
			f := spacetime.Fault{Kind: w[1], What: word(2), Nodes: strings.Split(w[3], ","),
				Start: at(4), End: at(5), Grudge: map[string][]string{}}
			for _, g := range w[6:] {
				to, from, _ := strings.Cut(g, "<")
				f.Grudge[to] = strings.Split(from, ",")
			}
			r.Faults = append(r.Faults, f)
		case "send":
			m := spacetime.Message{From: w[1], To: w[2], Sent: at(3), Received: at(4), Label: rest}
			if len(w) > 5 {
				m.Lost = w[5]
			}
			r.Messages = append(r.Messages, m)
		case "op":
			kind := map[string]history.Kind{"ok": history.OK, "fail": history.Fail, "info": history.Info}[w[9]]
			r.Operations = append(r.Operations, spacetime.Operation{Process: history.Process(number(w[1])),
				Node: w[2], F: w[3], Key: word(4), Value: history.Value(word(5)),
				Answer: history.Value(word(6)), Start: at(7), End: at(8), Kind: kind,
				Guilty: w[len(w)-1] == "guilty"})
		case "fact":
			f := spacetime.Fact{Node: w[1], At: at(2), Fact: nodes.Fact(w[3]), Term: number(w[4]),
				Index: number(w[5]), Guilty: w[len(w)-1] == "guilty"}
			for _, more := range w[6:] {
				if peer, is := strings.CutPrefix(more, "peer="); is {
					f.Peer = peer
				} else if hash, is := strings.CutPrefix(more, "hash="); is {
					f.Hash = number(hash)
				}
			}
			r.Facts = append(r.Facts, f)
		case "life":
			r.Lives = append(r.Lives, spacetime.Life{Node: w[1], At: at(2), Up: w[3] == "up",
				Why: strings.Join(w[3:], " ")})
		default:
			t.Fatalf("what is %q?", line)
		}
	}
	return r
}

// lines are what is kept of a run, a line for each thing, without what it had for input.
func lines(r spacetime.Run) string {
	var b strings.Builder
	for _, m := range r.Messages {
		fmt.Fprintf(&b, "%v %s to %s: %s\n", m.Sent, m.From, m.To, strings.TrimSpace(m.Label+" "+m.Lost))
	}
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "%v %s: %s %d/%d", f.At, f.Node, f.Fact, f.Index, f.Term)
		if f.Guilty {
			b.WriteString(" guilty")
		}
		b.WriteString("\n")
	}
	for _, o := range r.Operations {
		fmt.Fprintf(&b, "%v process %d: %s %s\n", o.Start, o.Process, o.F, o.Value)
	}
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "%v %s\n", f.Start, f.Kind)
	}
	for _, l := range r.Lives {
		fmt.Fprintf(&b, "%v %s %s\n", l.At, l.Node, l.Why)
	}
	return b.String()
}

// wrap breaks a text into lines.
func wrap(text string, columns int) string {
	var out []string
	for word := range strings.FieldsSeq(text) {
		last := len(out) - 1
		if last < 0 || len(out[last])+1+len(word) > columns {
			out = append(out, word)
		} else {
			out[last] += " " + word
		}
	}
	return strings.Join(out, "\n") + "\n"
}
