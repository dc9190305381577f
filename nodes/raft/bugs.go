package raft

import (
	"sunder/nodes/kv"
)

// bug is a planted mistake. The zero bug is none.
type bug uint8

// Each bug is one guard left out; the line that asks for it says which. They stand in the order
// of the files; buglist.go says what follows from each.
const (
	bugStaleRead bug = iota + 1
	bugLostAck
	bugQuorumHalf
	bugQuorumAll

	// Elections.
	bugVoteNotPersisted
	bugVoteBeforeFsync
	bugTermNotPersisted
	bugAdoptedTermNotPersisted
	bugCandidacyNotPersisted
	bugCandidacyBeforeFsync
	bugSeveralVotes
	bugVoteForgottenOnStepDown
	bugVoteKeptOnNewTerm
	bugStaleVoteReply
	bugRefusalsCounted
	bugDuplicateVotesCounted
	bugPreVotesCounted
	bugLatePreVoteCounted
	bugPreVoteReplyBumpsTerm
	bugPreVoteBumpsTerm
	bugNoUpToDateCheck
	bugUpToDateOnlyInPreVote
	bugUpToDateOnlyInVote
	bugVoteReplyTermIgnored
	bugHigherTermIgnored
	bugSameTimeouts
	bugLeaderCanvasses
	bugDeposedLeaderSleeps
	bugNoCheckQuorum

	// Replication.
	bugAcceptsOldTerm
	bugNoPrevTermCheck
	bugGapAccepted
	bugOvertakenAppendTruncates
	bugCommitUnmatchedTail
	bugMatchIsLast
	bugMatchKept
	bugStaleAppendReply
	bugCommitOldTerm
	bugCommitOldTermNoop
	bugNoNoop
	bugLogOverwrittenInPlace

	// Reads and leases.
	bugReadIndexNoCommitInTerm
	bugReadCountsEarlierRound
	bugAcksKept
	bugReadsNotAbandoned
	bugReadIndexFromFollower
	bugFollowerReadsUnapplied
	bugInquiryIDsReused
	bugInquiryWaitsForEver
	bugLeaseNoMargin
	bugLeaseFromAnswer
	bugLeaseFromVotes
	bugRestartVotesInLease
	bugVotesInLease
	bugVotesInLeaseOwnTerm
	bugLeaderNotBound
	bugHeartbeatsNotHeard

	// Clients.
	bugFollowerProposes
	bugProposalsNotAbandoned
	bugLostLeadershipIsDefinite
	bugNoSessionDedupe
	bugDedupeOnlyOnLeader
	bugTxnNoRollback
	bugTxnStaleRead

	// The disk.
	bugAckBeforeFsync
	bugLeaderCountsUnsynced
	bugFsyncCoversLaterWrites
	bugCutKeepsStable
	bugFsyncErrorIgnored
	bugDirectoryNotSynced
	bugRewriteUnsynced
	bugRewriteLosesVote
	bugRecoveredIsDurable
	bugCRCUnchecked
	bugDamageCutOff
	bugTornTailKept
	bugTruncationNotReplayed
	bugLeftoverTempKept

	// Snapshots.
	bugSnapshotUnsynced
	bugSnapshotNameUnsynced
	bugSnapshotsOverlap
	bugSnapshotLabelledCommit
	bugSnapshotKeepsConflict
	bugSnapshotDiscardsTail
	bugSnapshotNotRestored
	bugSnapshotInstalledLate
	bugOldSnapshotSaved
	bugOldTermSnapshot
	bugChunkAppendedTwice
	bugChunksOfTwoSnapshots
	bugLaggardsLeftBehind
)

func bugNamed(name string) bug {
	for b := range plantedBugs {
		if b > 0 && plantedBugs[b].Name == name {
			return bug(b)
		}
	}
	return 0
}

// obstinate says whether the node stays leader though it hears of a higher term.
func (n *node) obstinate() bool { return n.bug == bugHigherTermIgnored && n.role == leader }

// answer is the last one to a session.
type answer struct {
	seq    uint64
	result kv.Result
}

// remember keeps an answer at the leader, and nowhere else.
func (n *node) remember(e *entry, result kv.Result) {
	if n.bug != bugDedupeOnlyOnLeader || e.command.Session == 0 {
		return
	}
	if n.answered == nil {
		n.answered = make(map[uint64]answer)
	}
	n.answered[e.command.Session] = answer{e.command.Seq, result}
}

// replayTail keeps the entries after one that a record replaces.
func (n *node) replayTail(tail []entry) {
	for _, e := range tail {
		var command []byte
		if !e.noop() {
			command = e.command.AppendTo(nil)
		}
		n.log.push(e, n.log.end().extend(e.term, command))
	}
}

// leaveHalf does what a transaction had done before one of its commands failed.
func (n *node) leaveHalf(txn []kv.Command) {
	for _, c := range txn {
		if n.machine.Apply(n.applied, c).Status != kv.OK {
			return
		}
	}
}
