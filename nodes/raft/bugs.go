package raft

import "sunder/nodes"

// bug is a planted mistake. The zero bug is none.
type bug uint8

// Each bug is one guard left out; the line that asks for it says which.
const (
	bugStaleRead bug = iota + 1
	bugLostAck
	bugQuorumHalf
	bugVoteNotPersisted
	bugTermNotPersisted
	bugSeveralVotes
	bugStaleVoteReply
	bugNoUpToDateCheck
	bugAcceptsOldTerm
	bugNoPrevTermCheck
	bugMatchIsLast
	bugStaleAppendReply
	bugCommitOldTerm
	bugCommitOldTermNoop
	bugAckBeforeFsync
	bugLeaderCountsUnsynced
	bugReadIndexNoCommitInTerm
	bugLeaseNoMargin
	bugRestartVotesInLease
	bugNoSessionDedupe
	bugCRCUnchecked
	bugTornTailKept
	bugSnapshotUnsynced
	bugSnapshotKeepsConflict
	bugTxnNoRollback
	bugTxnStaleRead
	bugProposalsNotAbandoned
	bugSnapshotGoesBack
)

// plantedBugs is all of them, at the place of their number less one.
var plantedBugs = []nodes.Bug{
	{Name: "stale-read", Doc: "a leader answers reads from its own state without asking whether " +
		"it still leads, and does not resign when it hears from nobody: a deposed one answers " +
		"with the past (thesis 6.2, 6.4)"},
	{Name: "lost-ack", Doc: "a leader commits and acknowledges what it alone has: " +
		"its successor may never have heard of it"},
	{Name: "quorum-half", Doc: "half of the nodes are enough for a quorum: two quorums need not " +
		"meet, so an even cluster decides twice, and an odd one without a majority"},
	{Name: "vote-not-persisted", Doc: "a vote is sent without writing it down: after a restart " +
		"the node votes again in the same term"},
	{Name: "term-not-persisted", Doc: "the term does not survive a restart, nor the vote that " +
		"belongs to it: the node takes part in terms that it had left, and votes again"},
	{Name: "several-votes", Doc: "a node grants every candidate of a term its vote: two leaders"},
	{Name: "stale-vote-reply", Doc: "a candidate counts votes of earlier terms: it leads without " +
		"a majority of its own term"},
	{Name: "no-up-to-date-check", Doc: "a node votes for a candidate whose log lacks committed " +
		"entries (section 5.4.1): they are lost"},
	{Name: "accepts-old-term", Doc: "a follower takes entries from a leader of an earlier term: " +
		"a deposed leader overwrites what is committed"},
	{Name: "no-prev-term-check", Doc: "a follower appends where the entry before has another " +
		"term (section 5.3): the logs differ below"},
	{Name: "match-is-last", Doc: "a follower acknowledges up to the end of its own log, not of " +
		"what it was sent: a stale tail counts as replicated"},
	{Name: "stale-append-reply", Doc: "a leader counts acknowledgements of another term, for " +
		"entries that it has since replaced"},
	{Name: "commit-old-term", Doc: "entries of earlier terms are committed by counting, and no " +
		"no-op is appended on election (section 5.4.2, figure 8)"},
	{Name: "commit-old-term-noop", Doc: "the same, but masked by the no-op of a new leader, " +
		"which its followers get together with the old entries: no fault is known to expose it"},
	{Name: "ack-before-fsync", Doc: "a follower acknowledges entries before they are durable: " +
		"a power loss takes what was committed"},
	{Name: "leader-counts-unsynced", Doc: "a leader counts itself before its own fsync is done"},
	{Name: "readindex-no-commit-in-term", Doc: "a new leader takes its commit index for a read " +
		"before it has committed in its term: it may lag behind what its predecessor answered"},
	{Name: "lease-no-margin", Doc: "the lease lasts a whole minimal election timeout of the " +
		"leader's clock, with nothing left for clocks that run at different rates"},
	{Name: "restart-votes-in-lease", Doc: "a restarted node votes at once, though it may have " +
		"promised not to while a lease lasts"},
	{Name: "no-session-dedupe", Doc: "commands that are sent again are done again"},
	{Name: "crc-unchecked", Doc: "recovery trusts records without looking at their checksum: a " +
		"torn write comes back as an entry"},
	{Name: "torn-tail-kept", Doc: "recovery leaves a torn tail in place and appends behind it: " +
		"the next recovery ends there, and all that came later is lost"},
	{Name: "snapshot-unsynced", Doc: "a snapshot is renamed into place before its bytes are " +
		"durable, and the log is cut: a power loss takes both"},
	{Name: "snapshot-keeps-conflict", Doc: "a follower that installs a snapshot keeps the rest " +
		"of its log although the entry at the snapshot's end is another one (figure 13, step 7)"},
	{Name: "txn-no-rollback", Doc: "a transaction is done command by command, and stays as it is " +
		"where one fails: half of it took effect"},
	{Name: "txn-stale-read", Doc: "any node answers transactions that only read from its own " +
		"state, without asking who leads (thesis 6.4)"},
	{Name: "proposals-not-abandoned", Doc: "a deposed leader keeps the commands that wait for an " +
		"index: what its successor puts there is acknowledged for them"},
	{Name: "snapshot-goes-back", Doc: "a follower restores each snapshot that it has written, " +
		"though its state is ahead of it by then, and goes back until it hears what is committed"},
}

func bugNamed(name string) bug {
	for i, b := range plantedBugs {
		if b.Name == name {
			return bug(i + 1)
		}
	}
	return 0
}
