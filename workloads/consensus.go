package workloads

import (
	"time"

	"sunder/checker"
	"sunder/checker/consensus"
	"sunder/checker/linear"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// consensusOptions are the consensus workload's.
var consensusOptions = []nodes.Option{
	{Name: "timeout", Doc: "of one operation", Values: []string{"1s", "200ms", "500ms", "5s"}},
	{Name: "duel", Doc: "operations on one decree for each client", Values: []string{"2", "1", "4"}},
}

// Consensus is proposals for one decree after the other, each by all clients at once and at
// different nodes, and reads of what was decided. Each proposed value is unique.
func Consensus() Workload {
	return Workload{
		Name: "consensus",
		Doc: "finds decrees for which two values are decided, or one that nobody proposed, and " +
			"decisions that are forgotten",
		Options: consensusOptions,
		Ops:     []kv.Op{kv.Read, kv.Propose},
		Main:    consensusMain,
		Final:   finalPlain,
		Client:  newConsensusClient,
		Checkers: func(Options) []checker.Checker {
			return []checker.Checker{consensus.Agreement(),
				linear.New(consensus.Model(), linear.Budget{})}
		},
	}
}

// proposeShare is how many of the operations are proposals, in percent.
const proposeShare = 60

// consensusMain lets all clients that are free begin at the same instant with a decree, and go on
// with it until it has had its operations. Then all pause, so that the rate is kept.
func consensusMain(o Options) generator.Generator {
	each := map[string]int{"1": 1, "2": 2, "4": 4}[o.value(consensusOptions, "duel")]
	ops := each * o.Concurrency
	g := generator.Keys{
		Of: func(string) generator.Generator {
			duel := generator.Func(consensusOp).Limit(ops)
			if o.Rate <= 0 {
				return duel
			}
			pause := time.Duration(float64(ops) / o.Rate * float64(time.Second))
			return duel.Then(generator.Sleep(pause))
		},
	}.Generator()
	return g.TimeLimit(o.TimeLimit).Clients()
}

func consensusOp(c generator.Context, _ generator.Thread) generator.Op {
	if c.Rand("consensus", 100) < proposeShare {
		return generator.Op{F: "propose", Value: history.Int(int64(c.Step) + 1)}
	}
	return generator.Op{F: "read"}
}

// consensusClient applies operations on decrees.
type consensusClient struct{ client }

// newConsensusClient spreads the clients over the nodes: first one that stays at each, then one
// that insists in a session, then one that roams.
func newConsensusClient(o Options, p history.Process) nodes.Client {
	thread, n := int(p)%o.Concurrency, len(o.Nodes)
	m := [...]manner{pinned, session, roaming}[thread/n%3]
	if m == session && !o.Sessions {
		m = roaming
	}
	return &consensusClient{client{nodes: o.Nodes, manner: m, at: thread % n,
		timeout: o.duration(consensusOptions, "timeout")}}
}

// Invoke does inv. Both operations answer what is decided, a read of an undecided decree null.
func (c *consensusClient) Invoke(conn nodes.Conn, inv history.Event) (history.Value, error) {
	cmd := kv.Command{Op: kv.Read, Key: inv.Key}
	switch inv.F {
	case "read":
	case "propose":
		n, err := inv.Value.Int()
		if err != nil {
			return "", history.Definite(err)
		}
		cmd.Op, cmd.Arg = kv.Propose, n
	default:
		return "", history.Definite(errMalformed)
	}
	res, err := c.apply(conn, inv, cmd)
	switch {
	case err != nil:
		return "", err
	case !res.Found:
		return history.Null, nil
	}
	return history.Int(res.Value), nil
}
