// Package catalog lists the protocols that we built ourselves. It is the one place where a new
// one is entered.
package catalog

import (
	"fmt"
	"strings"

	"sunder/nodes"
	"sunder/nodes/cheappaxos"
	"sunder/nodes/etcdraft"
	"sunder/nodes/lww"
	"sunder/nodes/multipaxos"
	"sunder/nodes/paxos"
	"sunder/nodes/raft"
)

// Protocols are our own protocols, by name.
func Protocols() []nodes.Protocol {
	return []nodes.Protocol{
		raft.Protocol(),
		etcdraft.Protocol(),
		paxos.Protocol(),
		multipaxos.Protocol(),
		cheappaxos.Protocol(),
		lww.Protocol(),
	}
}

// Find is the protocol of that name, or an error that lists the names there are.
func Find(name string) (nodes.Protocol, error) {
	all := Protocols()
	names := make([]string, len(all))
	for i, p := range all {
		if p.Name == name {
			return p, nil
		}
		names[i] = p.Name
	}
	return nodes.Protocol{}, fmt.Errorf("find protocol: %.40q is none of %s",
		name, strings.Join(names, ", "))
}
