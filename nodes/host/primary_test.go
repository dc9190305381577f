package host

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// primaryCopy is the smallest protocol that uses everything a host offers: n1 orders the commands,
// the others copy its log, and a command is answered when a majority has it on disk.
var primaryCopy = nodes.Protocol{
	Name:   "primary-copy",
	Doc:    "n1 orders, the others copy",
	New:    func(c nodes.Config) (nodes.Node, error) { return &primary{cfg: c}, nil },
	Decode: decodePrimary,
	Options: []nodes.Option{
		{Name: "on-command", Values: []string{"work", "panic", "stop", "block", "ignore", "twice"}},
	},
	Ops: []kv.Op{kv.Read, kv.Write, kv.CAS, kv.Txn, kv.OpenSession},
}

const logFile nodes.File = "log"

type primary struct {
	cfg     nodes.Config
	log     []string // encoded commands; index i+1
	hash    uint64
	durable map[nodes.ID]uint64 // how far each member's log is on disk, as n1 knows
	sent    map[nodes.ID]uint64
	waiting map[uint64]nodes.RequestID
	commit  uint64
	machine kv.Machine
	errs    []error
}

const (
	kindCopy = 1
	kindHave = 2
	resend   = nodes.TimerID(1)
)

// copyOf carries log entries from First on; have says how far a log is on disk.
type copyOf struct {
	First   uint64
	Entries []string
}

type have struct{ Last uint64 }

func (copyOf) Kind() uint8     { return kindCopy }
func (have) Kind() uint8       { return kindHave }
func (m copyOf) Ident() uint64 { return m.First }
func (m have) Ident() uint64   { return m.Last }

func (m copyOf) AppendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, m.First)
	for _, e := range m.Entries {
		b = append(binary.AppendUvarint(b, uint64(len(e))), e...)
	}
	return b
}

func (m have) AppendTo(b []byte) []byte { return binary.AppendUvarint(b, m.Last) }

var errPrimary = errors.New("malformed message")

func decodePrimary(kind uint8, p []byte) (nodes.Message, error) {
	first, n := binary.Uvarint(p)
	if n <= 0 {
		return nil, errPrimary
	}
	if kind == kindHave {
		return have{first}, nil
	}
	if kind != kindCopy {
		return nil, errPrimary
	}
	entries, ok := splitEntries(p[n:])
	if !ok {
		return nil, errPrimary
	}
	return copyOf{first, entries}, nil
}

// splitEntries is false if the last one is torn.
func splitEntries(p []byte) (entries []string, whole bool) {
	for len(p) > 0 {
		n, used := binary.Uvarint(p)
		if used <= 0 || n > uint64(len(p)-used) {
			return entries, false
		}
		entries = append(entries, string(p[used:used+int(n)]))
		p = p[used+int(n):]
	}
	return entries, true
}

func (p *primary) leads() bool { return p.cfg.Self == 1 }

func (p *primary) Start(env nodes.Env, disk []nodes.Recovered) {
	p.durable, p.sent = map[nodes.ID]uint64{}, map[nodes.ID]uint64{}
	p.waiting = map[uint64]nodes.RequestID{}
	for _, f := range disk {
		if f.Name != logFile {
			continue
		}
		p.log, _ = splitEntries(f.Data)
		size := len(copyOf{Entries: p.log}.AppendTo(nil)) - 1
		if size < len(f.Data) {
			env.Truncate(logFile, int64(size))
		}
	}
	env.Append(logFile, nil)
	env.Sync(logFile, nodes.Token(len(p.log)))
	env.Sync(nodes.Dir, 0)
	if p.leads() {
		env.Observe(nodes.Observation{Fact: nodes.BecameLeader, Term: 1})
		env.SetTimer(resend, 0)
	}
}

func (p *primary) append(env nodes.Env, entry string) {
	p.log = append(p.log, entry)
	h := fnv.New64a()
	h.Write(binary.LittleEndian.AppendUint64(nil, p.hash))
	h.Write([]byte(entry))
	p.hash = h.Sum64()
	env.Append(logFile, append(binary.AppendUvarint(nil, uint64(len(entry))), entry...))
}

func (p *primary) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	switch p.cfg.Options["on-command"] {
	case "panic":
		env.Observe(nodes.Observation{Fact: nodes.Voted, Term: 77})
		panic("primary: told to")
	case "stop":
		env.Stop("told to")
		return
	case "block":
		time.Sleep(time.Duration(c.Arg))
	case "ignore":
		return
	case "twice":
		env.Reply(r, kv.Result{Status: kv.OK})
		env.Reply(r, kv.Result{Status: kv.OK})
		return
	}
	if !p.leads() {
		res := kv.Refuse(kv.NotLeader)
		res.Hint = nodes.ID(1).String()
		env.Reply(r, res)
		return
	}
	p.append(env, string(c.AppendTo(nil)))
	p.waiting[uint64(len(p.log))] = r
	env.Sync(logFile, nodes.Token(len(p.log)))
}

func (p *primary) Synced(env nodes.Env, tok nodes.Token, err error) {
	if err != nil {
		p.errs = append(p.errs, err)
		return
	}
	if tok == 0 {
		return
	}
	if !p.leads() {
		env.Send(1, have{uint64(tok)})
		return
	}
	p.progress(env, p.cfg.Self, uint64(tok))
	p.spread(env)
}

func (p *primary) spread(env nodes.Env) {
	for _, m := range p.cfg.Members {
		if first := p.sent[m] + 1; m != p.cfg.Self && first <= uint64(len(p.log)) {
			last := min(first+500, uint64(len(p.log)))
			env.Send(m, copyOf{first, p.log[first-1 : last]})
			p.sent[m] = last
		}
	}
}

func (p *primary) Timer(env nodes.Env, _ nodes.TimerID) {
	for _, m := range p.cfg.Members {
		p.sent[m] = p.durable[m]
	}
	p.spread(env)
	env.SetTimer(resend, 50*time.Millisecond)
}

func (p *primary) Recv(env nodes.Env, from nodes.ID, m nodes.Message) {
	switch m := m.(type) {
	case have:
		p.progress(env, from, m.Last)
	case copyOf:
		for i, e := range m.Entries {
			if m.First+uint64(i) == uint64(len(p.log))+1 {
				p.append(env, e)
			}
		}
		env.Sync(logFile, nodes.Token(len(p.log)))
	}
}

func (p *primary) progress(env nodes.Env, of nodes.ID, last uint64) {
	p.durable[of] = max(p.durable[of], last)
	all := make([]uint64, 0, len(p.cfg.Members))
	for _, m := range p.cfg.Members {
		all = append(all, p.durable[m])
	}
	slices.Sort(all)
	commit := all[(len(all)-1)/2]
	if commit > p.commit {
		env.Observe(nodes.Observation{Fact: nodes.Committed, Term: 1, Index: commit, Hash: p.hash})
	}
	for ; p.commit < commit; p.commit++ {
		c, err := kv.DecodeCommand([]byte(p.log[p.commit]))
		if err != nil {
			panic(err)
		}
		res := p.machine.Apply(p.commit+1, c)
		if r, ok := p.waiting[p.commit+1]; ok {
			delete(p.waiting, p.commit+1)
			env.Reply(r, res)
		}
	}
}

func (p *primary) Status() nodes.Status {
	role := "follower"
	if p.leads() {
		role = "leader"
	}
	return nodes.Status{ID: p.cfg.Self.String(), Role: role, Leader: "n1", Term: 1,
		Commit: p.commit, Applied: p.commit}
}
