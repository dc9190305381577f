package multipaxos

import "sunder/nodes"

// bug is a planted mistake. The zero bug is none.
type bug uint8

// Each bug is one guard left out; the line that asks for it says which.
const (
	bugHolesWithoutPhase1 bug = iota + 1
	bugPromiseAboveCommit
	bugExecutesPastHole
	bugKeepsBallot
	bugStaleRead
	bugLostAck
	bugQuorumHalf
	bugPromiseNotPersisted
	bugPromiseOmitsAccepted
	bugLowestBallotWins
	bugLastPromiseWins
	bugAcceptsBelowPromise
	bugAcceptKeepsPromise
	bugStaleAccepted
	bugCommitAnyBallot
	bugAckBeforeFsync
	bugLeaderCountsUnsynced
	bugReadsBeforeTakeover
	bugLeaseNoMargin
	bugRestartPromisesInLease
	bugSurveysItself
	bugSurveysDecidedOnly
	bugNoSessionDedupe
	bugCRCUnchecked
	bugTornTailKept
	bugSnapshotUnsynced
	bugSnapshotForgetsAccepted
	bugLeadsOvertaken

	bugWindowIgnored
	bugNewUnprepared
	bugSurveysOldMains
	bugAuxiliaryForgets
	bugForgetsEarly
	bugRemovedServes
)

// fixedBugs are those of Multi-Paxos, at the place of their number less one.
var fixedBugs = []nodes.Bug{
	{Name: "holes-without-phase1", Doc: "a new leader fills a slot with a no-op where it has " +
		"accepted nothing itself, whatever was reported in phase 1: a decision is replaced"},
	{Name: "promise-above-commit", Doc: "a promise covers only slots above what the acceptor " +
		"knows to be decided, and the new leader does not learn what lies below: it takes " +
		"decided slots for holes"},
	{Name: "executes-past-hole", Doc: "a node that knows a slot to be decided executes it though " +
		"the one before is missing: replicas differ"},
	{Name: "keeps-ballot", Doc: "a leader that promised a higher ballot goes on in its own, and " +
		"counts its own acceptance there"},
	{Name: "stale-read", Doc: "a leader answers reads from its own state without asking whether " +
		"it still leads, and does not resign when it hears from nobody"},
	{Name: "lost-ack", Doc: "a leader takes for decided what it alone has accepted"},
	{Name: "quorum-half", Doc: "half of the acceptors are enough for a quorum: two quorums need " +
		"not meet"},
	{Name: "promise-not-persisted", Doc: "a promise is given without writing it down: a restarted " +
		"acceptor takes part in a ballot below, and a restarted leader uses its ballot again"},
	{Name: "promise-omits-accepted", Doc: "a promise does not report what was accepted (phase 1b)"},
	{Name: "lowest-ballot-wins", Doc: "of the proposals reported for a slot, the new leader takes " +
		"the one of the lowest ballot (phase 2a)"},
	{Name: "last-promise-wins", Doc: "of the proposals reported for a slot, the new leader takes " +
		"the one that came last"},
	{Name: "accepts-below-promise", Doc: "an acceptor accepts in a ballot below its promise " +
		"(phase 2b)"},
	{Name: "accept-keeps-promise", Doc: "an acceptor that takes part in a higher ballot does not " +
		"raise its promise: it takes a lower one afterwards"},
	{Name: "stale-accepted", Doc: "a leader counts acceptances of an earlier ballot of its own for " +
		"what it proposes now"},
	{Name: "commit-any-ballot", Doc: "a node takes what it accepted in an earlier ballot for " +
		"decided because the leader says that the slot is"},
	{Name: "ack-before-fsync", Doc: "an acceptor says that it accepted before that is durable"},
	{Name: "leader-counts-unsynced", Doc: "a leader counts its own acceptance before its fsync is " +
		"done"},
	{Name: "reads-before-takeover", Doc: "a new leader answers reads before it has executed what " +
		"phase 1 reported: it may lag behind what its predecessor answered"},
	{Name: "lease-no-margin", Doc: "the lease lasts as long as acceptors are bound, by the " +
		"leader's clock, with nothing left for clocks that run at different rates"},
	{Name: "restart-promises-in-lease", Doc: "a restarted node promises at once, though a lease " +
		"may last that counts on it"},
	{Name: "surveys-itself", Doc: "a quorum read asks nobody but the node itself"},
	{Name: "surveys-decided-only", Doc: "a quorum read asks how far others have executed, not how " +
		"far they have accepted: what was decided is not yet executed by all who decided it"},
	{Name: "no-session-dedupe", Doc: "commands that are sent again are done again: one request in " +
		"two slots takes effect twice"},
	{Name: "crc-unchecked", Doc: "recovery trusts records without looking at their checksum"},
	{Name: "torn-tail-kept", Doc: "recovery leaves a torn tail in place and appends behind it: " +
		"the next recovery ends there, and all that came later is lost"},
	{Name: "snapshot-unsynced", Doc: "a snapshot is renamed into place before its bytes are " +
		"durable, and the log is cut: a power loss takes both"},
	{Name: "snapshot-forgets-accepted", Doc: "a node that installs a snapshot drops what it has " +
		"accepted beyond it, which others may have counted"},
	{Name: "leads-overtaken", Doc: "a leader that is told that its slot was decided otherwise goes " +
		"on to lead: it answers as if its own command had been done"},
}

// ChangingBugs are those of guards that matter only where configurations change, in the order of
// their numbers, after the others.
func ChangingBugs() []nodes.Bug {
	return []nodes.Bug{
		{Name: "window-ignored", Doc: "a new configuration is in force at the next slot, though " +
			"slots up to a window later may be under way in the old one: both decide a slot"},
		{Name: "new-unprepared", Doc: "a leader proposes under a new configuration without the " +
			"promises of a quorum of it: one of its members may have led there before"},
		{Name: "surveys-old-mains", Doc: "a quorum read counts answers of the configuration that " +
			"was in force when it asked, though by then another one decided"},
		{Name: "auxiliary-forgets", Doc: "an auxiliary comes back from a restart without what it " +
			"promised and accepted, as if it had no state"},
		{Name: "forgets-early", Doc: "an auxiliary drops what it has accepted as soon as the " +
			"leader knows it to be decided: the only main that knows it may be gone next"},
		{Name: "removed-main-serves", Doc: "a main answers reads from its own state as if it " +
			"were asked about all that is decided, and does so after it was removed"},
	}
}

func bugNamed(name string) bug {
	for i, b := range append(fixedBugs[:len(fixedBugs):len(fixedBugs)], ChangingBugs()...) {
		if b.Name == name {
			return bug(i + 1)
		}
	}
	return 0
}
