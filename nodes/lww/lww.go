// Package lww is no consensus protocol: it is an eventually consistent store, there to be found
// wrong. It stays available on both sides of a partition, and what it gives for that shows what
// the others pay for (CAP). And it keeps the harness honest: a harness that calls it linearizable
// is blind.
//
// Every node answers its clients from what it knows, alone. Of two writes to a register the one
// with the later time of day wins, by the clock of the node that took it (last writer wins, as in
// Dynamo and its kin). Sets only grow. What a node takes is durable before the answer; it goes to
// all others at once, and what is lost on the way is found by gossip: from time to time a node
// tells a peer, drawn at random, how many updates of each origin it has, and is sent the next.
// So all nodes end with the same state, once they can talk.
//
// lww.go is the node; store.go, updates and how they are merged; gossip.go, what nodes say to each
// other.
package lww

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/journal"
	"sunder/nodes/kv"
)

// gossipEvery is how often a node asks a peer for what it lacks.
const gossipEvery = 100 * time.Millisecond

const gossipTimer nodes.TimerID = 1

// Protocol is the store as environments run it.
func Protocol() nodes.Protocol {
	return nodes.Protocol{
		Name: "lww",
		Doc: "No consensus: eventually consistent, last writer wins by wall clock; a control that " +
			"must be found wrong",
		New:   newNode,
		Local: true,
		Decode: func(kind uint8, p []byte) (nodes.Message, error) {
			return decode(kind, p)
		},
		Kinds: kinds,
		Ops:   []kv.Op{kv.Read, kv.Write, kv.CAS, kv.Propose, kv.SetAdd, kv.ReadSet},
		Clock: func(map[string]string) nodes.ClockAssumption {
			return nodes.ClockAssumption{Words: "it claims to need none, and orders writes by the " +
				"time of day: that is its mistake"}
		},
	}
}

// node is a replica.
type node struct {
	env     nodes.Env // of the call that runs
	self    nodes.ID
	members []nodes.ID
	stopped bool

	objects map[string]*object
	logs    map[nodes.ID][]*update // by origin, each without a gap
	known   uint64                 // updates, of all origins
	durable uint64                 // how many of its own updates are: others may hear of no more
	journal journal.Journal[posted]
}

// posted waits until all that was written so far is durable: an answer to a client or, without
// a request, an update of this node that others may hear of.
type posted struct {
	request nodes.RequestID
	result  kv.Result
	update  *update
}

func newNode(c nodes.Config) (nodes.Node, error) {
	if err := Protocol().Check(c); err != nil {
		return nil, err
	}
	return &node{self: c.Self, members: c.Members, objects: map[string]*object{},
		logs: map[nodes.ID][]*update{}}, nil
}

// Start implements nodes.Node.
func (n *node) Start(env nodes.Env, files []nodes.Recovered) {
	n.env = env
	if err := n.recover(files); err != nil {
		n.stop(err.Error())
		return
	}
	if own := n.logs[n.self]; len(own) > 0 {
		n.journal.Hold(posted{update: own[len(own)-1]})
	}
	n.settle()
	first := gossipEvery/2 + time.Duration(env.Rand("first gossip", uint64(gossipEvery)))
	env.SetTimer(gossipTimer, first)
}

// Invoke implements nodes.Node. Nobody else is asked.
func (n *node) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	n.env = env
	if n.stopped {
		return
	}
	result, change := n.execute(c)
	if change {
		u := &update{origin: n.self, wall: env.Wall().UnixNano(), op: c.Op, key: c.Key, arg: c.Arg}
		u.seq = uint64(len(n.logs[n.self])) + 1
		n.take(u)
		n.journal.Hold(posted{update: u})
	}
	n.journal.Hold(posted{request: r, result: result})
	n.settle()
}

// execute is a command's answer from what is known here, and whether it changes anything.
func (n *node) execute(c kv.Command) (result kv.Result, change bool) {
	if c.Check() != nil {
		return kv.Refuse(kv.BadCommand), false
	}
	o := n.objects[c.Key]
	if o == nil {
		o = &object{}
	}
	is := kv.Result{Status: kv.OK, Found: o.written.seq > 0, Value: o.value}
	switch c.Op {
	case kv.Read:
		return is, false
	case kv.Write:
		return kv.Result{Status: kv.OK}, true
	case kv.CAS:
		if !is.Found || is.Value != c.Old {
			return kv.Refuse(kv.CASMismatch), false
		}
		return kv.Result{Status: kv.OK}, true
	case kv.Propose:
		if is.Found {
			return is, false
		}
		return kv.Result{Status: kv.OK, Found: true, Value: c.Arg}, true
	case kv.SetAdd:
		return kv.Result{Status: kv.OK}, true
	case kv.ReadSet:
		return kv.Result{Status: kv.OK, Found: true, Values: o.elements()}, false
	}
	return kv.Refuse(kv.BadCommand), false
}

// Recv implements nodes.Node.
func (n *node) Recv(env nodes.Env, from nodes.ID, m nodes.Message) {
	n.env = env
	if n.stopped {
		return
	}
	switch m := m.(type) {
	case *have:
		n.send(from, m)
	case *updates:
		for _, u := range m.list {
			next := uint64(len(n.logs[u.origin])) + 1
			if u.seq == next && u.origin != n.self { // else gossip brings those between
				n.take(u)
			}
		}
		if len(m.list) > 1 { // there may be more
			n.ask(from)
		}
	}
	n.settle()
}

// Timer implements nodes.Node.
func (n *node) Timer(env nodes.Env, _ nodes.TimerID) {
	n.env = env
	if n.stopped {
		return
	}
	env.SetTimer(gossipTimer, gossipEvery)
	if len(n.members) > 1 {
		at := env.Rand("peer", uint64(len(n.members)-1))
		if n.members[at] >= n.self { // they ascend, and the node itself is left out
			at++
		}
		n.ask(n.members[at])
	}
}

// Synced implements nodes.Node. After a failed Sync nobody knows what is on the disk.
func (n *node) Synced(env nodes.Env, _ nodes.Token, err error) {
	n.env = env
	switch {
	case n.stopped:
		return
	case err != nil:
		n.stop("sync: " + err.Error())
		return
	}
	n.journal.Synced(env)
	n.settle()
}

// settle says what may be said, and writes.
func (n *node) settle() {
	for p, ok := n.journal.Due(); ok; p, ok = n.journal.Due() {
		if p.update == nil {
			n.env.Reply(p.request, p.result)
			continue
		}
		n.durable = p.update.seq
		m := &updates{list: []*update{p.update}}
		for _, id := range n.members {
			if id != n.self {
				n.env.Send(id, m)
			}
		}
	}
	n.journal.Flush(n.env)
}

// Status implements nodes.Statuser.
func (n *node) Status() nodes.Status {
	return nodes.Status{ID: n.self.String(), Role: "replica", Leaderless: true, Commit: n.known,
		Applied: n.known}
}

func (n *node) stop(reason string) {
	n.stopped = true
	n.env.Stop(reason)
}
