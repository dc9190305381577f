package elle

import (
	"context"
	"fmt"
	"slices"

	"sunder/checker"
	"sunder/harness/history"
)

// levels are the weak isolation levels that Weak decides, and the anomalies besides cycles that
// each forbids.
var levels = map[string][]string{
	"read-committed": {"phantom-read", "G1a", "G1b"},
	"read-atomic":    {"phantom-read", "G1a", "G1b", "internal"},
	"causal":         {"phantom-read", "G1a", "G1b", "internal"},
}

// Weak is a checker of transactions on registers, or of single reads and writes, that decides
// whether they are read-committed, read-atomic or causal: not by inference as far as it goes, but
// for certain. Every value is to be written once.
//
// Each level says of two writers of one key which came first, if somebody read the one and knew the
// other (Biswas and Enea, On the Complexity of Checking Transactional Consistency, OOPSLA 2019):
// knew it, because an earlier read of the same transaction saw something of it; or any read, or an
// earlier transaction of the process; or through others who knew it. The history is on that level
// if that, the order of processes and who read from whom make no cycle. There is one order for all:
// causal means causal convergence. Of what is known through a
// process only the last writer counts, which keeps it to sorting and one look for each process
// (Møldrup and Pavlogiannis, AWDIT, PLDI 2025).
func Weak(level string) checker.Checker { return weak{level} }

type weak struct{ level string }

func (w weak) Name() string { return w.level }

// Stream implements checker.Streamer.
func (w weak) Stream() checker.Stream { return checker.Again(w) }

func (w weak) Check(_ context.Context, h checker.History) checker.Result {
	r := checker.Result{Name: w.level, Verdict: checker.Unknown}
	forbidden, known := levels[w.level]
	if !known {
		r.Reason = fmt.Sprintf("no level %.40q", w.level)
		return r
	}
	t, err := parseSingle(h.Operations)
	if err != nil {
		r.Reason = err.Error()
		return r
	}
	a, twice := newAnalysis(t)
	if a == nil {
		r.Reason = twice
		return r
	}
	k := newKnowledge(a)
	if w.level == "causal" && len(t.All)*len(k.lines) > clocksMax {
		r.Reason = fmt.Sprintf("%d transactions of %d processes are too many", len(t.All), len(k.lines))
		return r
	}
	k.infer(w.level)
	a.anomalies = slices.DeleteFunc(a.anomalies, func(x anomaly) bool {
		return !slices.Contains(forbidden, x.class) && x.class != unseenWrite
	})
	for _, x := range a.anomalies {
		r.Anomalies = append(r.Anomalies, a.plain(x))
	}
	cycles := k.cycles(w.level)
	for _, c := range cycles {
		r.Anomalies = append(r.Anomalies, k.cyclic(c))
	}
	r.Verdict = checker.Valid
	r.Details = figures{Transactions: len(t.All), Keys: len(t.Keys), Arcs: len(a.arcs)}
	if len(r.Anomalies) > 0 {
		r.Verdict, r.Reason = checker.Invalid, r.Anomalies[0].Class+": "+r.Anomalies[0].Words
		r.Pictures = a.draw(cycles)
	} else if !slices.ContainsFunc(t.All, func(x Txn) bool { return x.Kind == history.OK }) {
		r.Verdict, r.Reason = checker.Unknown, "no transaction succeeded"
	}
	return r
}

// clocksMax bounds how much is kept of who knew whom: a gigabyte.
const clocksMax = 1 << 28

// unseenWrite is the class of reads of nothing by who knew of a write.
const unseenWrite = "unseen-write"

// parseSingle reads transactions, and reads and writes of a key as transactions of one step.
func parseSingle(ops []history.Operation) (*Txns, error) {
	var texts []history.Operation
	for _, o := range ops {
		f := map[string]string{"read": "r", "write": "w"}[o.Invocation.F]
		if f == "" || o.Invocation.Process == history.Nemesis {
			texts = append(texts, o)
			continue
		}
		wrap := func(e *history.Event) *history.Event {
			if e == nil {
				return nil
			}
			value := e.Value
			if value == "" {
				value = history.Null
			}
			one := *e
			one.Value = history.Value(fmt.Sprintf("[[%q,%q,%s]]", f, e.Key, value))
			return &one
		}
		texts = append(texts, history.Operation{Invocation: wrap(o.Invocation),
			Completion: wrap(o.Completion)})
	}
	return Parse(texts)
}

// seesKey is a read of a key from another transaction, or from none.
type seesKey struct{ key, from int32 }

// knowledge is who read from whom, and which transactions each process did.
type knowledge struct {
	*analysis
	sees    [][]seesKey // by transaction, in order
	exists  []bool      // ok, or somebody ok saw it
	process []int32     // of each transaction, from 0
	place   []int32     // of each transaction among those of its process, from 1
	lines   []line      // by process
	reasons map[[2]int32]reason
}

// line is the transactions of a process, and those of them that write a key, by place.
type line struct {
	txns   []int32
	writes map[int32][]int32
}

// reason says why one transaction came before another: who read the key from the second and knew
// the first.
type reason struct{ reader, key int32 }

func newKnowledge(a *analysis) *knowledge {
	n := len(a.t.All)
	k := &knowledge{analysis: a, sees: make([][]seesKey, n), exists: make([]bool, n),
		process: make([]int32, n), place: make([]int32, n), reasons: make(map[[2]int32]reason)}
	for i := range a.t.All {
		if a.t.All[i].Kind == history.OK {
			k.exists[i] = true
			a.internalRegisters(int32(i))
			k.look(int32(i))
		}
	}
	ids := make(map[history.Process]int32)
	for i := range a.t.All {
		if !k.exists[i] {
			continue
		}
		t := &a.t.All[i]
		p, is := ids[t.Process]
		if !is {
			p = int32(len(k.lines))
			ids[t.Process] = p
			k.lines = append(k.lines, line{writes: make(map[int32][]int32)})
		}
		l := &k.lines[p]
		if len(l.txns) > 0 {
			a.arcs = append(a.arcs, arc{l.txns[len(l.txns)-1], int32(i), process})
		}
		l.txns = append(l.txns, int32(i))
		k.process[i], k.place[i] = p, int32(len(l.txns))
		for _, m := range t.Mops {
			if m.Write {
				l.writes[m.Key] = append(l.writes[m.Key], k.place[i])
			}
		}
	}
	return k
}

// look gathers what a transaction saw of others.
func (k *knowledge) look(i int32) {
	own := make(map[int32]bool)
	for _, m := range k.t.All[i].Mops {
		switch {
		case m.Write:
			own[m.Key] = true
		case !m.Known || own[m.Key]:
		case m.Value == nothing:
			k.sees[i] = append(k.sees[i], seesKey{m.Key, none})
		default:
			v := version{m.Key, m.Value}
			w := k.writer(v)
			k.aborted(i, v, w)
			if w == nil || !k.happened(w) || w.txn == i {
				continue
			}
			k.readsFrom(i, w)
			k.exists[w.txn] = true
			k.sees[i] = append(k.sees[i], seesKey{m.Key, w.txn})
		}
	}
}

const none = int32(-1)
