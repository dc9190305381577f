package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/anishathalye/porcupine"

	"sunder/checker"
	"sunder/checker/compact"
	"sunder/checker/crosscheck"
	"sunder/checker/elle"
	"sunder/checker/foreign"
	"sunder/checker/linear"
	"sunder/checker/window"
	"sunder/checker/zone"
	"sunder/harness/history"
)

// prepared is a history made ready: each call judges it.
type prepared func() (verdict string)

// row is one history and how it is judged.
type row struct {
	name      string
	ours      func() prepared
	porcupine func() prepared // nil: it has no model of this
}

var rows = []row{
	load(crosscheck.Load{Ops: 1e6, Clients: 5, Unique: true, CAS: true}),
	load(crosscheck.Load{Ops: 1e6, Clients: 30, Unique: true, CAS: true, Open: 0.05}),
	load(crosscheck.Load{Ops: 1e6, Clients: 30, Unique: true, CAS: true, Open: 0.05, Bad: true}),
	load(crosscheck.Load{Ops: 1e6, Clients: 5, Unique: true}),
	load(crosscheck.Load{Ops: 1e6, Clients: 30, Unique: true, Open: 0.05}),
	load(crosscheck.Load{Ops: 1e6, Clients: 30, Unique: true, Open: 0.05, Bad: true}),
	load(crosscheck.Load{Ops: 1e5, Clients: 5, Unique: true, CAS: true}),
	load(crosscheck.Load{Ops: 1e4, Clients: 10, Unique: true, Bad: true}),
	load(crosscheck.Load{Ops: 1000, Clients: 5, Unique: true, CAS: true, Open: 0.05, Bad: true}),
	load(crosscheck.Load{Ops: 1e5, Clients: 5, CAS: true}),
	load(crosscheck.Load{Ops: 1e5, Clients: 5, CAS: true, Bad: true}),
	load(crosscheck.Load{Ops: 1e5, Clients: 10, CAS: true}),
	load(crosscheck.Load{Ops: 1e4, Clients: 30, CAS: true}),
	load(crosscheck.Load{Ops: 1e5, Clients: 30, CAS: true}),
	load(crosscheck.Load{Ops: 1e5, Clients: 10, CAS: true, Open: 0.05}),
	load(crosscheck.Load{Ops: 1e6, Clients: 10, CAS: true, Open: 0.05}),
	lock.row(1e5, 10), lock.row(1e5, 30), counter.row(1e4, 10), counter.row(1e5, 10),
	shelves[0].row(1000, 5), shelves[0].row(1e6, 10),
	shelves[1].row(1000, 5), shelves[1].row(1e6, 10),
	shelves[2].row(1000, 5), shelves[2].row(1e6, 10),
	{"etcd logs, all", func() prepared { return etcd(judgeWindow) },
		func() prepared { return etcd(judgePorcupine) }},
	{"list-append, 100k transactions", func() prepared { return lists(100_000) }, nil},
	{"huge-scc.edn", huge, nil},
}

func load(l crosscheck.Load) row {
	l.Seed = 1
	values := "5 values"
	if l.Unique {
		values = "unique"
	}
	kind := "register"
	if l.CAS {
		kind = "cas"
	}
	name := fmt.Sprintf("%s, %s, %d ops, %d clients, %g %% open", kind, values, l.Ops, l.Clients,
		100*l.Open)
	if l.Bad {
		name += ", bad"
	}
	r := row{name: name, porcupine: func() prepared {
		ops := records(l.Make())
		return func() string { return judgePorcupine(ops) }
	}}
	if l.Unique {
		r.ours = func() prepared { return unique(pack(l.Make())) }
	} else {
		r.ours = func() prepared {
			ops := records(l.Make())
			return func() string { return judgeWindow(ops) }
		}
	}
	return r
}

// packed is a record in as many bytes as an operation needs: how a large history stays in memory.
type packed struct {
	call, ret uint32
	old, new  int32 // -1: it reads, or writes, nothing
}

func pack(records []crosscheck.Record) []packed {
	out := make([]packed, len(records))
	for i, o := range records {
		out[i] = packed{o.Call, o.Return, -1, -1}
		if o.Reads {
			out[i].old = int32(o.Old)
		}
		if o.Writes {
			out[i].new = int32(o.New)
		}
	}
	return out
}

// unique is for the engine that needs unique values: numbering them, judging, and replaying the
// linearization, or shrinking the witness.
func unique(ops []packed) prepared {
	raw := func(i int) compact.Raw {
		o := &ops[i]
		return compact.Raw{From: int64(o.old), To: int64(o.new), Call: o.call, Return: o.ret,
			Reads: o.old >= 0, Writes: o.new >= 0, Null: o.old == 0}
	}
	return func() string {
		u, ok := compact.Intern(len(ops), raw).Unique()
		if !ok {
			return "values repeat"
		}
		order, witness := zone.Check(u)
		if witness != nil {
			return "invalid"
		}
		if err := zone.Verify(u, order); err != nil {
			return err.Error()
		}
		return "valid"
	}
}

// operations are one key's, as linear has them.
type operations []linear.Op[linear.RegisterOp]

func records(records []crosscheck.Record) operations {
	ops := make(operations, len(records))
	for i, o := range records {
		ops[i] = linear.Op[linear.RegisterOp]{Index: int(o.Call), Return: int(o.Return)}
		if o.Return == crosscheck.Open {
			ops[i].Return = linear.Open
		}
		do := linear.RegisterOp{Kind: linear.CAS, Old: o.Old, New: o.New, Null: o.Reads && o.Old == 0}
		switch {
		case !o.Writes:
			do.Kind, do.New = linear.Read, 0
		case !o.Reads:
			do.Kind, do.Old = linear.Write, 0
		}
		ops[i].Do = do
	}
	return ops
}

func judgeWindow(ops operations) string {
	m := linear.RegisterModel()
	typed := window.NewTyped(m.Init, m.Step, m.ReadOnly, m.Overwrites)
	in := make([]window.Op, len(ops))
	for i, o := range ops {
		in[i] = window.Op{Call: uint32(o.Index) + 1, Return: window.Open, Class: typed.Class(o.Do)}
		if o.Return != linear.Open {
			in[i].Return = uint32(o.Return) + 1
		}
	}
	answer, _ := window.Search(context.Background(), in, typed, window.Limits{Memory: 1 << 30})
	return map[window.Answer]string{window.Legal: "valid", window.Illegal: "invalid"}[answer]
}

func judgePorcupine(ops operations) string {
	m := linear.RegisterModel()
	model := porcupine.Model{
		Init: func() any { return m.Init },
		Step: func(state, input, output any) (bool, any) {
			next, ok := m.Step(state.(linear.RegisterState), input.(linear.RegisterOp))
			return ok || output.(bool), next
		},
		Hash: func(state any) uint64 {
			return uint64(state.(linear.RegisterState).Value) * 0x9e3779b97f4a7c15
		},
	}
	in := make([]porcupine.Operation, len(ops))
	for i, o := range ops {
		in[i] = porcupine.Operation{Input: o.Do, Output: false, Call: int64(o.Index),
			Return: int64(o.Return)}
		if o.Return == linear.Open {
			in[i].Output, in[i].Return = true, math.MaxInt64
		}
	}
	if porcupine.CheckOperations(model, in) {
		return "valid"
	}
	return "invalid"
}

// corpora is the folder of recorded histories.
func corpora() string {
	if dir := os.Getenv("SUNDER_CORPORA"); dir != "" {
		return dir
	}
	return "../shared/corpora"
}

// etcd reads the recorded logs of etcd and counts the invalid ones.
func etcd(judge func(operations) string) prepared {
	files, _ := filepath.Glob(filepath.Join(corpora(),
		"anishathalye_porcupine/test_data/jepsen/*.log"))
	var logs []operations
	for _, file := range files {
		logs = append(logs, register(read(file)))
	}
	return func() string {
		invalid := 0
		for _, ops := range logs {
			if judge(ops) == "invalid" {
				invalid++
			}
		}
		return fmt.Sprintf("%d of %d invalid", invalid, len(logs))
	}
}

func read(file string) checker.History {
	f, err := os.Open(file)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	events, _, err := foreign.Read(f)
	if err != nil {
		panic(err)
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		panic(err)
	}
	return h
}

func register(h checker.History) operations {
	m := linear.RegisterModel()
	var ops operations
	for _, o := range h.Operations {
		if o.Kind() == history.Fail {
			continue
		}
		do, skip, err := m.Parse(o)
		if err != nil {
			panic(err)
		}
		op := linear.Op[linear.RegisterOp]{Do: do, Index: o.Invocation.Index, Return: linear.Open}
		if o.Kind() == history.OK {
			op.Return = o.Completion.Index
		}
		if !skip {
			ops = append(ops, op)
		}
	}
	return ops
}

// lists is transactions that append to lists and read them, one after the other in truth, and each
// within its own time: reading and judging them.
func lists(n int) prepared {
	h := crosscheck.Lists(n, 20, 1)
	return func() string { return verdict(h) }
}

func huge() prepared {
	h := read(filepath.Join(corpora(), "jepsen-io_elle/histories/huge-scc.edn"))
	return func() string { return verdict(h) }
}

func verdict(h checker.History) string {
	r := elle.Append("strict-serializable").Check(context.Background(), h)
	return strings.TrimSpace(r.Verdict.String())
}
