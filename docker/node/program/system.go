package program

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sunder/nodes"
	"sunder/nodes/host"
	"sunder/nodes/kv"
)

// Where things are in a node's container. The program stands at the image's root.
const (
	path       = "/sunder"
	data       = "/data"
	peerPort   = 7000
	clientPort = 8080
)

// system is one of our own protocols as it is deployed: this program, as node.
type system struct {
	protocol nodes.Protocol
	options  map[string]string
	bug      string
}

// System deploys nodes of p with these options and this bug, or none: the caller checked them.
func System(p nodes.Protocol, options map[string]string, bug string) nodes.System {
	return system{p, options, bug}
}

func (s system) Name() string { return s.protocol.Name }

func (s system) Ops() []kv.Op { return s.protocol.Ops }

func (s system) Clock() nodes.ClockAssumption {
	if s.protocol.Clock == nil {
		return nodes.ClockAssumption{}
	}
	return s.protocol.Clock(s.options)
}

func (s system) Open(ctx context.Context, address string) (nodes.Endpoint, error) {
	return host.Open(ctx, address)
}

// Deploy runs node with its files below /data: node's own in /data/node, and beside them what it
// observes.
func (s system) Deploy(self nodes.ID, members []nodes.Member) nodes.Deployment {
	var peers []string
	for _, m := range members {
		peers = append(peers, fmt.Sprintf("%s=%s:%d", m.ID, m.Host, peerPort))
	}
	command := []string{path, "node", "--protocol", s.protocol.Name, "--id", self.String(),
		"--peers", strings.Join(peers, ","), "--data", data + "/node",
		"--observations", data + "/observations.jsonl",
		"--listen", fmt.Sprint(":", peerPort), "--client", fmt.Sprint(":", clientPort)}
	if s.bug != "" {
		command = append(command, "--bug", s.bug)
	}
	var options []string
	for name, value := range s.options { // sorted below
		options = append(options, name+"="+value)
	}
	slices.Sort(options)
	for _, o := range options {
		command = append(command, "--option", o)
	}
	return nodes.Deployment{Command: command, Data: data, ClientPort: clientPort}
}
