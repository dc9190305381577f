// Package reporttest fabricates runs for tests of reports: what five nodes, their clients and a
// nemesis could have left behind, with no cluster behind it.
package reporttest

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/report"
	"sunder/nemesis"
	"sunder/nodes"
)

const (
	nodeCount = 5
	threads   = 10
	length    = 60 * time.Second
)

// staleFrom is the first of the processes that show the anomaly.
const staleFrom = 10_000

// hostile is what an enemy could have a node say; a page that shows it as anything but text is
// broken.
const hostile = `</pre><script>console.error("a node's text ran")</script><img src=x onerror=a()>`

// fault is one of the fabricated faults: when it was and whom it held.
type fault struct {
	ask      plan.Fault
	targets  []string
	grudge   nemesis.Grudge
	effect   nemesis.Effect
	evidence []string
	masks    map[string]map[string][]int
	outside  string
}

func (f fault) holds(n string, at time.Duration) bool {
	return at >= f.ask.At.Duration && at < f.ask.At.Duration+f.ask.Duration.Duration &&
		slices.Contains(f.targets, n)
}

// Run is a run of 60 s with every kind of fault. The invalid one has a stale read on key k3.
func Run(invalid bool) report.Run {
	f := fabricator{rand: rand.New(rand.NewPCG(1, 2)), faults: faults()}
	p := plan.Plan{Version: plan.Version, Revision: "0b9f3c1d", Seed: 17, Environment: "docker",
		System: "raft", Workload: "register", Options: map[string]string{"reads": "readindex",
			"keys": "10"}, Nodes: nodeCount, Concurrency: threads, Rate: 400,
		TimeLimit: plan.Of(length)}
	for _, fault := range f.faults {
		p.Faults = append(p.Faults, fault.ask)
	}
	if invalid {
		p.Bug = "stale-read"
	}
	f.clients()
	f.nemesis()
	stale := f.stale(invalid)
	sort.SliceStable(f.events, func(i, j int) bool { return f.events[i].Time < f.events[j].Time })
	var ops []int
	for i := range f.events {
		f.events[i].Index = i
		if e := f.events[i]; e.Kind == history.Invoke && e.Process >= staleFrom {
			ops = append(ops, i)
		}
	}
	run := report.Run{Plan: p, Events: f.events, Observed: f.observe(), Origin: origin()}
	run.Results = results(report.New(p, f.events), invalid, stale, ops)
	for n := range nodeCount {
		id := nodes.ID(n + 1).String()
		run.Logs = append(run.Logs, report.Log{Node: id, Name: "node.log", Tail: logTail(id)})
	}
	if invalid {
		run.Pictures = append(run.Pictures, report.Picture{Name: "linear-k3.html", HTML: picture})
		run.Story = story(run, ops)
	}
	return run
}

func origin() report.Origin {
	return report.Origin{Started: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC),
		Args: []string{"./sunder", "test", "--env", "docker", "--system", "raft", "--nodes", "5",
			"--workload", "register", "--nemesis", "partition,clock,kill,pause", "--time-limit",
			"60s", "--seed", "17"}, Revision: "0b9f3c1d", Dirty: true, Go: "go1.26.8",
		Platform: "linux/amd64", CPUs: 2, Env: map[string]string{"GOMAXPROCS": "2"},
		Notes: map[string]string{"docker": "28.5.1", "kernel": "6.12.0", "image": "sunder-node:4be1"}}
}

func results(r report.Results, invalid bool, words string, ops []int) report.Results {
	linear := report.Check{Name: "linearizable", Verdict: "valid",
		Details: json.RawMessage(`{"keys":10,"took_ms":412}`)}
	r.Verdict, r.Why = "valid", "Every operation can be put in an order that the model allows."
	if invalid {
		r.Verdict = "invalid"
		r.Why = "linearizable: a read of key k3 saw a value that had been overwritten."
		linear.Verdict, linear.Reason = "invalid", "the operations on key k3 have no legal order"
		r.Anomalies = []report.Anomaly{
			{Class: "stale-read", Key: "k3", Node: "n1", Words: words, Ops: ops}}
	}
	r.Checkers = []report.Check{linear,
		{Name: "stats", Verdict: "valid", Details: json.RawMessage(`{"ok_before":2310,"ok_after":812}`)},
		{Name: "logs", Verdict: "valid"}, {Name: "exceptions", Verdict: "valid"},
		{Name: "oracle", Verdict: "valid", Details: json.RawMessage(`{"observations":11873}`)}}
	r.Phases = []report.Phase{{Name: "set-up", Took: 2143 * time.Millisecond},
		{Name: "main", Took: length}, {Name: "heal", Took: 120 * time.Millisecond},
		{Name: "final reads", Took: 700 * time.Millisecond},
		{Name: "judge", Took: 1900 * time.Millisecond}}
	r.Store = "store/raft-register-docker/20261123T040000.000Z"
	return r
}

type fabricator struct {
	rand   *rand.Rand
	faults []fault
	events []history.Event
	next   int64
	values map[string]int64
}

// clients fabricates what the clients did.
func (f *fabricator) clients() {
	f.values = make(map[string]int64)
	process, free := make([]history.Process, threads), make([]time.Duration, threads)
	for t := range process {
		process[t] = history.Process(t)
		free[t] = time.Duration(f.rand.Int64N(int64(10 * time.Millisecond)))
	}
	for {
		t := 0
		for i := range free {
			if free[i] < free[t] {
				t = i
			}
		}
		if free[t] > length {
			break
		}
		took, kind := f.operation(process[t], free[t])
		if kind == history.Info {
			process[t] += threads
		}
		free[t] += took + time.Duration(f.rand.Int64N(int64(40*time.Millisecond)))
	}
	for n := range nodeCount {
		f.write(history.Process(200*threads+n), "read", "k1", nodes.ID(n+1).String(), "null", "7",
			length+600*time.Millisecond, 3*time.Millisecond, history.OK, "")
	}
}

// operation fabricates one operation and says how long it took and how it ended.
func (f *fabricator) operation(p history.Process, at time.Duration) (time.Duration, history.Kind) {
	node := nodes.ID(1 + int(p)%threads%nodeCount).String()
	key := fmt.Sprintf("k%d", f.rand.IntN(10))
	fn, arg, answer := "read", "", fmt.Sprint(f.values[key])
	switch f.rand.IntN(10) {
	case 0, 1, 2, 3:
		f.next++
		fn, arg, answer = "write", fmt.Sprint(f.next), fmt.Sprint(f.next)
	case 4:
		f.next++
		arg = fmt.Sprintf("[%d,%d]", f.values[key], f.next)
		fn, answer = "cas", arg
	}
	took := time.Duration(math.Exp(f.rand.NormFloat64()*0.45) * float64(2200*time.Microsecond))
	kind, why := history.OK, ""
	for _, fault := range f.faults {
		if !fault.holds(node, at) || fault.effect == "masked" {
			continue
		}
		switch fault.ask.Kind {
		case "kill":
			took, kind, why = 300*time.Microsecond, history.Fail, "unreachable: connection refused"
		case "clock":
			took = took * 3 / 2
		default:
			took, kind, why = time.Second, history.Info, "timeout"
			if fn == "read" {
				kind = history.Fail
			}
		}
	}
	if kind == history.OK && f.rand.IntN(60) == 0 {
		took, kind, why = took/3, history.Fail, "not leader"
	}
	if kind == history.OK && fn != "read" {
		f.values[key] = f.next
	}
	f.write(p, fn, key, node, arg, answer, at, took, kind, why)
	return took, kind
}

func (f *fabricator) write(p history.Process, fn, key, node, arg, answer string,
	at, took time.Duration, kind history.Kind, why string) {
	e := history.Event{Time: at, Process: p, Kind: history.Invoke, F: fn, Key: key, Node: node,
		Value: history.Value(arg)}
	c := e
	c.Time, c.Kind, c.Error = at+took, kind, why
	if kind == history.OK {
		c.Value = history.Value(answer)
	}
	f.events = append(f.events, e, c)
}

// stale writes the anomaly: two writes acknowledged by the new leader, then a read of the first.
func (f *fabricator) stale(invalid bool) string {
	if !invalid {
		return ""
	}
	ms := time.Millisecond
	at := 8300 * ms
	f.write(staleFrom+0, "write", "k3", "n2", "90001", "90001", at, 3*ms, history.OK, "")
	f.write(staleFrom+1, "write", "k3", "n3", "90002", "90002", at+12*ms, 4*ms, history.OK, "")
	f.write(staleFrom+2, "read", "k3", "n4", "", "90002", at+19*ms, 3*ms, history.OK, "")
	f.write(staleFrom+3, "read", "k3", "n1", "", "90001", at+25*ms, 2*ms, history.OK, "")
	return "Process 10003 read 90001 from n1, though 90002 had been acknowledged 9 ms before the " +
		"read began, and process 10002 had read it."
}

// nemesis fabricates what the nemesis wrote down.
func (f *fabricator) nemesis() {
	for i, fault := range f.faults {
		from, to := fault.ask.At.Duration, fault.ask.At.Duration+fault.ask.Duration.Duration
		took := time.Duration(2+f.rand.IntN(9)) * time.Millisecond
		r := nemesis.Record{Fault: i, Asked: fault.ask, Start: plan.Of(from)}
		add := func(name string, kind history.Kind, at time.Duration) {
			f.events = append(f.events, history.Event{Time: at, Process: history.Nemesis, Kind: kind,
				F: name, Value: history.Marshal(r)})
		}
		add("start", history.Invoke, from)
		r.Targets, r.Grudge, r.Outside = fault.targets, fault.grudge, fault.outside
		r.StartTook, r.EndTook = plan.Of(took), plan.Of(took)
		add("start", history.Info, from+took)
		add("end", history.Invoke, to)
		r.End, r.Effect, r.Evidence, r.Overlap = plan.Of(to), fault.effect, fault.evidence, fault.masks
		add("end", history.Info, to+took)
	}
}
