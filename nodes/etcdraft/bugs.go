package etcdraft

import "sunder/nodes"

// bug is a planted mistake. The zero bug is none.
type bug uint8

// Each bug is a mistake that embedders of the library make; the line that asks for it says which.
const (
	bugSendBeforeDurable bug = iota + 1
	bugMustSyncIgnored
	bugHardStateNotRestored
	bugConfStateNotRestored
	bugAppliedTwice
	bugDroppedAcked
)

// plantedBugs is all of them, at the place of their number less one.
var plantedBugs = []nodes.Bug{
	{Name: "send-before-durable", Doc: "the messages of a Ready leave before its entries and its " +
		"hard state are on disk: votes and acknowledgements that a power loss takes back"},
	{Name: "mustsync-ignored", Doc: "MustSync is ignored: what is written is taken for durable " +
		"without an fsync"},
	{Name: "hardstate-not-restored", Doc: "a restarted node gets its log back but not its term " +
		"and vote: it votes again in a term in which it has voted"},
	{Name: "confstate-not-restored", Doc: "a restarted node does not know its configuration: it " +
		"can never be elected, and when all were restarted, nobody can"},
	{Name: "applied-twice-after-restart", Doc: "Config.Applied is not set at a restart: entries " +
		"that the restored state already contains are applied once more"},
	{Name: "dropped-proposal-acked", Doc: "the error of Propose is ignored: a proposal that was " +
		"dropped is answered ok"},
}

func bugNamed(name string) bug {
	for i, b := range plantedBugs {
		if b.Name == name {
			return bug(i + 1)
		}
	}
	return 0
}
