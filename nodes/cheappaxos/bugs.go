package cheappaxos

import "sunder/nodes"

// bug is a planted mistake. The zero bug is none.
type bug uint8

const (
	bugMainsOnly bug = iota + 1
	bugNeverIdle
	bugNoHysteresis
)

// ownBugs are those of this package, at the place of their number less one. The others break guards
// of multipaxos that matter only where configurations change.
var ownBugs = []nodes.Bug{
	{Name: "mains-only", Doc: "when a main fails, the others are a quorum by themselves, without " +
		"auxiliaries: two mains that do not hear each other both decide"},
	{Name: "auxiliaries-never-idle", Doc: "auxiliaries that were asked once are asked for ever: " +
		"the protocol is right, and not cheap"},
	{Name: "no-hysteresis", Doc: "a main is removed as soon as one answer is late: one that is " +
		"merely slow is removed and added again and again"},
}

func bugNamed(name string) bug {
	for i, b := range ownBugs {
		if b.Name == name {
			return bug(i + 1)
		}
	}
	return 0
}
