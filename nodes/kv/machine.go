package kv

import (
	"slices"
)

// SessionsMax bounds the sessions that a machine remembers. The one idle for longest goes first;
// a command of a forgotten session is answered session-expired, never done twice. It must exceed
// the number of clients that retry at the same time, or they starve each other.
const SessionsMax = 4096

// Machine is the replicated state. The zero Machine is empty and ready. Machines that applied the
// same commands at the same log indexes are equal, and so are their snapshots.
type Machine struct {
	objects  map[string]object
	sessions map[uint64]session
	digest   uint64
}

// object is what a key holds. A key has one use for each kind of operation; they do not disturb
// each other, so a workload that mixes them reads what it wrote.
type object struct {
	register int64
	written  bool
	counter  int64
	list     []int64
	set      []int64 // ascending
	queue    []int64
	owner    int64 // of the lock; 0: free
	token    int64 // of the last locking; counts up
}

type session struct {
	seq    uint64 // of the last command
	used   uint64 // the log index of that command
	result Result
}

// Apply does c, which stands at log index at. Indexes grow from call to call.
func (m *Machine) Apply(at uint64, c Command) Result {
	if c.Op == OpenSession {
		r := m.open(at)
		m.mark(at, c, r)
		return r
	}
	if c.Session == 0 {
		r := m.do(c)
		m.mark(at, c, r)
		return r
	}
	s, known := m.sessions[c.Session]
	switch {
	case !known:
		return Doubt(SessionExpired)
	case c.Seq < s.seq:
		return Doubt(StaleSequence)
	case c.Seq == s.seq:
		return s.result
	}
	r := m.do(c)
	m.mark(at, c, r)
	m.sessions[c.Session] = session{seq: c.Seq, used: at, result: r}
	return r
}

// Digest is a hash of all that was done, with its results, in order: two machines whose digests
// differ did not do the same. It costs a hash of each command, not of the state. A command that is
// answered without doing it leaves the digest as it is. It is 0 before anything was done.
func (m *Machine) Digest() uint64 { return m.digest }

// mark notes in the digest that c was done at an index.
func (m *Machine) mark(at uint64, c Command, r Result) {
	h := mix(m.digest, at<<8^uint64(r.Status))
	h = mix(c.digest(h), uint64(r.Value)<<1^uint64(boolByte(r.Found)))
	m.digest = max(h, 1)
}

// digest goes on from h with what a command asks for.
func (c *Command) digest(h uint64) uint64 {
	h = mix(mix(h, uint64(c.Arg)), uint64(c.Old)<<8^uint64(c.Op))
	for i := range len(c.Key) {
		h = (h ^ uint64(c.Key[i])) * 0x100000001b3 // FNV-1a
	}
	for i := range c.Txn {
		h = c.Txn[i].digest(h)
	}
	return h
}

// mix is a step of a hash.
func mix(h, v uint64) uint64 {
	h = (h ^ v) * 0x9e3779b97f4a7c15
	return h ^ h>>32
}

// Once names what a session asks for: a hash of the session and the sequence number, or 0 where
// there is none. An oracle looks for one that is done at two places.
func (c Command) Once() uint64 {
	if c.Session == 0 {
		return 0
	}
	return mix(mix(1, c.Session), c.Seq)
}

// Query answers a read-only command from the state as it is.
func (m *Machine) Query(c Command) Result {
	if !c.ReadOnly() {
		return Refuse(BadCommand)
	}
	return m.do(c)
}

func (m *Machine) open(at uint64) Result {
	if m.sessions == nil {
		m.sessions = make(map[uint64]session)
	}
	if len(m.sessions) >= SessionsMax {
		oldest := at
		for id, s := range m.sessions { // the minimum of distinct indexes: no order matters
			if max(s.used, id) < oldest {
				oldest = max(s.used, id)
			}
		}
		for id, s := range m.sessions {
			if max(s.used, id) == oldest {
				delete(m.sessions, id)
			}
		}
	}
	m.sessions[at] = session{used: at}
	return Result{Status: OK, Found: true, Value: int64(at)}
}

func (m *Machine) do(c Command) Result {
	if c.Op == Txn {
		return m.txn(c.Txn)
	}
	o := m.objects[c.Key]
	r := step(&o, c)
	if r.Status == OK && !c.Op.ReadOnly() {
		if m.objects == nil {
			m.objects = make(map[string]object)
		}
		m.objects[c.Key] = o
	}
	return r
}

func (m *Machine) txn(commands []Command) Result {
	before := make(map[string]object)
	out := Result{Status: OK, Txn: make([]Result, 0, len(commands))}
	for _, c := range commands {
		r := Refuse(BadCommand)
		if c.Op != Txn && c.Op != OpenSession {
			if _, kept := before[c.Key]; !kept {
				before[c.Key] = m.objects[c.Key]
			}
			r = m.do(c)
		}
		if r.Status == OK {
			out.Txn = append(out.Txn, r)
			continue
		}
		for key, o := range before { // each key once: no order matters
			if m.objects != nil {
				m.objects[key] = o
			}
		}
		return r
	}
	return out
}

// step does one plain command to o. Slices are replaced, never changed in place: a transaction
// that fails puts the old ones back.
func step(o *object, c Command) Result {
	ok := Result{Status: OK}
	switch c.Op {
	case Read:
		return Result{Status: OK, Found: o.written, Value: o.register}
	case Write:
		o.register, o.written = c.Arg, true
	case CAS:
		if !o.written || o.register != c.Old {
			return Refuse(CASMismatch)
		}
		o.register = c.Arg
	case Propose:
		if !o.written {
			o.register, o.written = c.Arg, true
		}
		return Result{Status: OK, Found: true, Value: o.register}
	case Append:
		o.list = append(slices.Clip(o.list), c.Arg)
	case ReadList:
		return Result{Status: OK, Found: true, Values: slices.Clone(o.list)}
	case Add:
		o.counter += c.Arg
		return Result{Status: OK, Found: true, Value: o.counter}
	case ReadCounter:
		return Result{Status: OK, Found: true, Value: o.counter}
	case SetAdd:
		if at, found := slices.BinarySearch(o.set, c.Arg); !found {
			o.set = slices.Insert(slices.Clone(o.set), at, c.Arg)
		}
	case ReadSet:
		return Result{Status: OK, Found: true, Values: slices.Clone(o.set)}
	case Enqueue:
		o.queue = append(slices.Clip(o.queue), c.Arg)
	case Dequeue:
		if len(o.queue) == 0 {
			return ok
		}
		ok.Found, ok.Value = true, o.queue[0]
		o.queue = o.queue[1:]
	case ReadQueue:
		return Result{Status: OK, Found: true, Values: slices.Clone(o.queue)}
	case Lock:
		if o.owner != 0 && o.owner != c.Arg || c.Arg == 0 {
			return Refuse(LockHeld)
		}
		if o.owner == 0 {
			o.owner, o.token = c.Arg, o.token+1
		}
		return Result{Status: OK, Found: true, Value: o.token}
	case Unlock:
		if o.owner == 0 || o.owner != c.Arg {
			return Refuse(NotOwner)
		}
		o.owner = 0
	case ReadLock:
		return Result{Status: OK, Found: o.owner != 0, Value: o.owner}
	default:
		return Refuse(BadCommand)
	}
	return ok
}
