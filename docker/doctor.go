package docker

import (
	"context"
	"fmt"
	"time"

	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
)

// Finding is one thing that was tried on this machine.
type Finding struct {
	What  string `json:"what"`
	Works bool   `json:"works"`
	Text  string `json:"text"` // what there is; or why it does not work, and what to do
}

// Doctor tries what a test in containers needs, by doing it in a container like a node's, and
// stops at the first thing without which the rest makes no sense. Of config it takes Program, Own
// and Log.
func Doctor(ctx context.Context, config Config) []Finding {
	c := &Cluster{config: config.withDefaults(), owner: self(), run: newRun()}
	c.life, c.end = context.WithCancel(context.WithoutCancel(ctx))
	c.config.Nodes = 1
	c.config.Deploy = func(nodes.ID, []nodes.Member) nodes.Deployment {
		return nodes.Deployment{Command: []string{Program}, Data: "/data", ClientPort: 8080}
	}
	c.first = nemesis.State{Killed: true} // no node runs: it is about the agent
	var found examination
	defer c.Close(context.WithoutCancel(ctx))
	if !found.note("daemon", c.reachPhase().do(ctx), func() string {
		i := c.daemon.info
		return fmt.Sprintf("Docker %s at %s; %s, Linux %s, %s; storage %s, cgroup v%s",
			i.ServerVersion, c.daemon.host, i.OperatingSystem, i.KernelVersion, i.Architecture,
			i.Driver, i.CgroupVersion)
	}) {
		return found
	}
	found = append(found, Finding{"reaper (Ryuk)", true, c.daemon.reaper})
	for _, p := range c.upPhases() {
		began := time.Now()
		if !found.note(p.name, p.do(ctx), func() string {
			return time.Since(began).Round(time.Millisecond).String()
		}) {
			return found
		}
	}
	found = append(found, Finding{"address", true, "clients reach n1 at " + c.nodes[0].ways[0]})
	can := c.Support()
	found = append(found, Finding{"agent", true, "on Linux " + can.Kernel})
	found.able("partitions", can.Network)
	found.able("clock skew", can.Clock)
	return found
}

type examination []Finding

// note appends what came out and says whether it works.
func (e *examination) note(what string, err error, text func() string) bool {
	f := Finding{What: what, Works: err == nil}
	if err != nil {
		f.Text = err.Error()
	} else {
		f.Text = text()
	}
	*e = append(*e, f)
	return f.Works
}

func (e *examination) able(what string, a agent.Ability) {
	f := Finding{What: what, Works: a.Works, Text: a.Why}
	if f.Works && f.Text == "" {
		f.Text = "works"
	}
	*e = append(*e, f)
}
