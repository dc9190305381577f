package raft

import "sunder/nodes"

// plantedBugs is all of them, at the place of their number; there is none at place 0.
var plantedBugs = [...]nodes.Bug{
	bugStaleRead: {Name: "stale-read", Doc: "a leader answers reads from its own state without " +
		"asking whether it still leads, and does not resign when it hears from nobody: a deposed " +
		"one answers with the past (thesis 6.2, 6.4)"},
	bugLostAck: {Name: "lost-ack", Doc: "a leader commits and acknowledges what it alone has: its " +
		"successor may never have heard of it"},
	bugQuorumHalf: {Name: "quorum-half", Doc: "half of the nodes are enough for a quorum: two " +
		"quorums need not meet, so an even cluster decides twice, and an odd one without a majority"},
	bugQuorumAll: {Name: "quorum-all", Doc: "a quorum is all nodes: nothing wrong is ever said, but " +
		"while one node is away nothing is decided (liveness with a dead minority)"},

	bugVoteNotPersisted: {Name: "vote-not-persisted", Doc: "a vote is sent without writing it " +
		"down: after a restart the node votes again in the same term"},
	bugVoteBeforeFsync: {Name: "vote-before-fsync", Doc: "a vote is written down and sent before " +
		"it is durable: after a power loss the node votes again in the same term"},
	bugTermNotPersisted: {Name: "term-not-persisted", Doc: "the term does not survive a restart, " +
		"nor the vote that belongs to it: the node takes part in terms that it had left, and " +
		"votes again"},
	bugAdoptedTermNotPersisted: {Name: "adopted-term-not-persisted", Doc: "a term is written down " +
		"with a vote, but not when it is heard of: a restarted node follows a deposed leader " +
		"again, which replaces entries that it has acknowledged in the later term"},
	bugCandidacyNotPersisted: {Name: "candidacy-not-persisted", Doc: "a candidate does not write " +
		"down that it voted for itself: after a restart it votes for another one in that term"},
	bugCandidacyBeforeFsync: {Name: "candidacy-before-fsync", Doc: "a candidate asks for votes, " +
		"and counts its own, before that is durable: after a power loss it votes for another one"},
	bugSeveralVotes: {Name: "several-votes", Doc: "a node grants every candidate of a term its " +
		"vote: two leaders"},
	bugVoteForgottenOnStepDown: {Name: "vote-forgotten-on-step-down", Doc: "a candidate that finds " +
		"a leader of its own term forgets its vote for itself: it may vote again in that term"},
	bugVoteKeptOnNewTerm: {Name: "vote-kept-on-new-term", Doc: "a vote is not forgotten when the " +
		"term ends: the node can vote for nobody else ever again, and when votes are kept for " +
		"several nodes, nobody can be elected (liveness)"},
	bugStaleVoteReply: {Name: "stale-vote-reply", Doc: "a candidate counts votes of earlier terms: " +
		"it leads without a majority of its own term"},
	bugRefusalsCounted: {Name: "refusals-counted", Doc: "a candidate counts answers, not votes: it " +
		"leads although it was refused"},
	bugDuplicateVotesCounted: {Name: "duplicate-votes-counted", Doc: "a candidate counts votes, " +
		"not voters: a message that arrives twice makes a majority"},
	bugPreVotesCounted: {Name: "pre-votes-counted", Doc: "a candidate begins with the pre-votes " +
		"that it got: it leads with the votes of nobody (thesis 9.6)"},
	bugLatePreVoteCounted: {Name: "late-pre-vote-counted", Doc: "a pre-vote that arrives when the " +
		"campaign has begun counts as a vote"},
	bugPreVoteReplyBumpsTerm: {Name: "pre-vote-reply-bumps-term", Doc: "the term in a granted " +
		"pre-vote, which nobody has begun, is taken for one that was: no campaign ever begins " +
		"(liveness)"},
	bugPreVoteBumpsTerm: {Name: "pre-vote-bumps-term", Doc: "a pre-vote begins a new term: a node " +
		"that comes back deposes a leader that works (thesis 9.6)",
		Masked: "no safety: each return of a node costs an election, and clients wait for it"},
	bugNoUpToDateCheck: {Name: "no-up-to-date-check", Doc: "a node votes for a candidate whose log " +
		"lacks committed entries (section 5.4.1): they are lost"},
	bugUpToDateOnlyInPreVote: {Name: "up-to-date-only-in-pre-vote", Doc: "only pre-votes look at " +
		"the candidate's log: a vote that is asked for late, when the voter has more in its log, " +
		"is granted all the same"},
	bugUpToDateOnlyInVote: {Name: "up-to-date-only-in-vote", Doc: "pre-votes do not look at the " +
		"candidate's log: it begins a term in which it is not elected",
		Masked: "masked by the same check of the vote itself: it costs terms"},
	bugVoteReplyTermIgnored: {Name: "vote-reply-term-ignored", Doc: "a candidate does not learn " +
		"the term of those who refuse it: behind by a term it can never be elected, not even as " +
		"the only one with a complete log (liveness)"},
	bugHigherTermIgnored: {Name: "ignores-higher-term-while-leader", Doc: "a leader does not step " +
		"down when an answer or a candidate names a higher term (section 5.1)",
		Masked: "equivalent for safety: who has left its term does not help it to commit or to " +
			"read, and check-quorum makes it step down"},
	bugSameTimeouts: {Name: "same-timeouts", Doc: "election timeouts are not drawn (section 5.2): " +
		"nodes ask for votes at the same time, again and again",
		Masked: "no safety: delays that differ break the tie sooner or later"},
	bugLeaderCanvasses: {Name: "leader-canvasses", Doc: "the election timer goes on while a node " +
		"leads, and it asks for votes: it stops to lead without telling its clients (two guards: " +
		"the timer is stopped, and it is ignored)"},
	bugDeposedLeaderSleeps: {Name: "deposed-leader-sleeps", Doc: "a leader that steps down does " +
		"not wait for its successor: if no other can be elected, nobody is (liveness)"},
	bugNoCheckQuorum: {Name: "no-check-quorum", Doc: "a leader that hears from nobody goes on " +
		"(thesis 6.2): its clients wait until it hears of its successor",
		Masked: "no safety: only stale-read, of which it is a part, shows it"},

	bugAcceptsOldTerm: {Name: "accepts-old-term", Doc: "a follower takes entries from a leader of " +
		"an earlier term: a deposed leader overwrites what is committed"},
	bugNoPrevTermCheck: {Name: "no-prev-term-check", Doc: "a follower appends where the entry " +
		"before has another term (section 5.3): the logs differ below"},
	bugGapAccepted: {Name: "gap-accepted", Doc: "a follower appends entries although those before " +
		"are missing: they come to stand at other places of its log"},
	bugOvertakenAppendTruncates: {Name: "overtaken-append-truncates", Doc: "a follower cuts its log " +
		"where a message begins, whether or not an entry conflicts (section 5.3): a message that " +
		"was overtaken takes back what was acknowledged"},
	bugCommitUnmatchedTail: {Name: "commit-unmatched-tail", Doc: "a follower commits up to the " +
		"leader's commit index, not only what it knows to be the leader's (figure 2): its own " +
		"stale tail, too"},
	bugMatchIsLast: {Name: "match-is-last", Doc: "a follower acknowledges up to the end of its own " +
		"log, not of what it was sent: a stale tail counts as replicated"},
	bugMatchKept: {Name: "match-kept", Doc: "a leader begins with what it knew of its followers' " +
		"logs in a former reign: it commits nothing by that (section 5.4.2), but does not go back " +
		"to where the logs meet, so a follower that replaced its log never catches up (liveness)"},
	bugStaleAppendReply: {Name: "stale-append-reply", Doc: "a leader counts acknowledgements of " +
		"another term, for entries that it has since replaced"},
	bugCommitOldTerm: {Name: "commit-old-term", Doc: "entries of earlier terms are committed by " +
		"counting, and no no-op is appended on election (section 5.4.2, figure 8)"},
	bugCommitOldTermNoop: {Name: "commit-old-term-noop", Doc: "entries of earlier terms are " +
		"committed by counting, as in figure 8",
		Masked: "masked by the no-op of a new leader, which a follower gets in one message with " +
			"the old entries, up to 64 of them; plant commit-old-term"},
	bugNoNoop: {Name: "no-noop", Doc: "a new leader appends no entry of its own (section 8): what " +
		"its predecessor left is committed, and reads are answered, only after the next write " +
		"(liveness)"},
	bugLogOverwrittenInPlace: {Name: "log-overwritten-in-place", Doc: "a log that was cut is " +
		"written over in memory, which messages under way share: they say what was never sent " +
		"(in the simulation; a socket has its copy)"},

	bugReadIndexNoCommitInTerm: {Name: "readindex-no-commit-in-term", Doc: "a new leader takes its " +
		"commit index for a read before it has committed in its term: it may lag behind what its " +
		"predecessor answered"},
	bugReadCountsEarlierRound: {Name: "read-counts-earlier-round", Doc: "a read is confirmed by a " +
		"round that began before it arrived (thesis 6.4): a leader may have been deposed since"},
	bugAcksKept: {Name: "acks-kept", Doc: "a leader begins with the rounds that were answered in a " +
		"former reign: its reads are confirmed by nobody, and it takes itself for deposed"},
	bugReadsNotAbandoned: {Name: "reads-not-abandoned", Doc: "a deposed leader keeps the reads that " +
		"wait for a round: nobody answers them (liveness)"},
	bugReadIndexFromFollower: {Name: "read-index-from-follower", Doc: "a node that does not lead " +
		"answers a follower's read with its own commit index"},
	bugFollowerReadsUnapplied: {Name: "follower-reads-unapplied", Doc: "a follower answers a read " +
		"before it has applied up to the read index"},
	bugInquiryIDsReused: {Name: "inquiry-ids-reused", Doc: "a restarted node numbers its questions " +
		"from 1 again: an answer to its former life is taken for a new one, with an old read index"},
	bugInquiryWaitsForEver: {Name: "inquiry-waits-for-ever", Doc: "a follower's read whose question " +
		"or answer is lost is never answered (liveness)"},
	bugLeaseNoMargin: {Name: "lease-no-margin", Doc: "the lease lasts a whole minimal election " +
		"timeout of the leader's clock, with nothing left for clocks that run at different rates"},
	bugLeaseFromAnswer: {Name: "lease-from-answer", Doc: "a lease is counted from the answers, not " +
		"from when the round was sent: a slow network makes it longer than the promise"},
	bugLeaseFromVotes: {Name: "lease-from-votes", Doc: "a lease begins with the election, though a " +
		"vote is no promise to refuse others",
		Masked: "masked by the no-op: until it is committed, which takes a round, no read is answered"},
	bugRestartVotesInLease: {Name: "restart-votes-in-lease", Doc: "a restarted node votes at once, " +
		"though it may have promised not to while a lease lasts"},
	bugVotesInLease: {Name: "votes-in-lease", Doc: "a node votes although it hears a leader (thesis " +
		"4.2.3): a lease is no lease"},
	bugVotesInLeaseOwnTerm: {Name: "votes-in-lease-own-term", Doc: "a node that has heard a leader, " +
		"and then of a later term, keeps its promise no longer: it votes in that term at once"},
	bugLeaderNotBound: {Name: "leader-not-bound", Doc: "a leader with a quorum votes for others",
		Masked: "no safety: it ends its own lease by that, and a candidate needs a majority that " +
			"hears no leader"},
	bugHeartbeatsNotHeard: {Name: "heartbeats-not-heard", Doc: "only entries count as a sign of the " +
		"leader: a quiet one is deposed, and its lease rests on promises that nobody keeps"},

	bugFollowerProposes: {Name: "follower-proposes", Doc: "who does not lead appends commands all " +
		"the same: entries of one index and term differ"},
	bugProposalsNotAbandoned: {Name: "proposals-not-abandoned", Doc: "a deposed leader keeps the " +
		"commands that wait for an index: what its successor puts there is acknowledged for them"},
	bugLostLeadershipIsDefinite: {Name: "lost-leadership-is-definite", Doc: "a deposed leader says " +
		"of what it has appended that it did not happen: its successor may have it"},
	bugNoSessionDedupe: {Name: "no-session-dedupe", Doc: "commands that are sent again are done " +
		"again (thesis 6.3)"},
	bugDedupeOnlyOnLeader: {Name: "dedupe-only-on-leader", Doc: "what was answered is remembered by " +
		"the leader, not by the state machine: a retry to its successor is done again"},
	bugTxnNoRollback: {Name: "txn-no-rollback", Doc: "a transaction is done command by command, and " +
		"stays as it is where one fails: half of it took effect"},
	bugTxnStaleRead: {Name: "txn-stale-read", Doc: "any node answers transactions that only read " +
		"from its own state, without asking who leads (thesis 6.4)"},

	bugAckBeforeFsync: {Name: "ack-before-fsync", Doc: "a follower acknowledges entries before they " +
		"are durable: a power loss takes what was committed"},
	bugLeaderCountsUnsynced: {Name: "leader-counts-unsynced", Doc: "a leader counts itself before " +
		"its own fsync is done"},
	bugFsyncCoversLaterWrites: {Name: "fsync-covers-later-writes", Doc: "what is written while an " +
		"fsync runs is taken for durable when it ends"},
	bugCutKeepsStable: {Name: "cut-keeps-stable", Doc: "a follower that cuts its log takes what " +
		"replaces it for durable: as a leader it would count itself for it",
		Masked: "masked by its vote for itself: before it leads, an fsync that began after the cut " +
			"must have ended, and that sets right what is durable"},
	bugFsyncErrorIgnored: {Name: "fsync-error-ignored", Doc: "a failed fsync is taken for one that " +
		"succeeded"},
	bugDirectoryNotSynced: {Name: "directory-not-synced", Doc: "the log's name is not made durable: " +
		"a power loss takes the file, or brings back the one before"},
	bugRewriteUnsynced: {Name: "rewrite-unsynced", Doc: "a log without its old part takes the " +
		"place of the whole one before it is durable"},
	bugRewriteLosesVote: {Name: "rewrite-loses-vote", Doc: "the term and the vote are not carried " +
		"over into a log without its old part: after a restart the node votes again"},
	bugRecoveredIsDurable: {Name: "recovered-is-durable", Doc: "what a restarted process finds is " +
		"taken for durable: it may come from a cache that a power loss empties"},
	bugCRCUnchecked: {Name: "crc-unchecked", Doc: "recovery trusts records without looking at their " +
		"checksum: a torn write comes back as an entry"},
	bugDamageCutOff: {Name: "damage-cut-off", Doc: "a record that was durable and is damaged is " +
		"taken for a torn tail: all after it is cut off, though it was acknowledged"},
	bugTornTailKept: {Name: "torn-tail-kept", Doc: "recovery leaves a torn tail in place and " +
		"appends behind it: the next recovery ends there, and all that came later is lost"},
	bugTruncationNotReplayed: {Name: "truncation-not-logged", Doc: "recovery puts an entry in " +
		"the place of another one and keeps those behind it, which a leader had taken back"},
	bugLeftoverTempKept: {Name: "leftover-temp-kept", Doc: "temporary files of a former life are " +
		"not removed: the next snapshot, or log, is appended to what they hold"},

	bugSnapshotUnsynced: {Name: "snapshot-unsynced", Doc: "a snapshot is renamed into place before " +
		"its bytes are durable, and the log is cut: a power loss takes both"},
	bugSnapshotNameUnsynced: {Name: "snapshot-name-unsynced", Doc: "the log is cut before the name " +
		"of the snapshot that covers it is durable: in a directory without a journal a power loss " +
		"may keep the shorter log and not that name"},
	bugSnapshotsOverlap: {Name: "snapshots-overlap", Doc: "a snapshot is begun while another is " +
		"being written, into the same file"},
	bugSnapshotLabelledCommit: {Name: "snapshot-labelled-commit", Doc: "a snapshot is said to cover " +
		"all that is committed, not all that is applied: restored, the entries between are missing"},
	bugSnapshotKeepsConflict: {Name: "snapshot-keeps-conflict", Doc: "a follower that installs a " +
		"snapshot keeps the rest of its log although the entry at the snapshot's end is another " +
		"one (figure 13, step 7)"},
	bugSnapshotDiscardsTail: {Name: "snapshot-discards-tail", Doc: "a follower that installs a " +
		"snapshot drops its log although it goes on behind it (figure 13, step 6): what it " +
		"acknowledged is lost"},
	bugSnapshotNotRestored: {Name: "snapshot-not-restored", Doc: "a follower that installs a " +
		"snapshot keeps its own state (figure 13, step 8)"},
	bugSnapshotInstalledLate: {Name: "snapshot-installed-late", Doc: "a snapshot is installed when " +
		"it is durable, whatever was committed meanwhile, even one of the node's own: its state " +
		"goes back"},
	bugOldSnapshotSaved: {Name: "old-snapshot-saved", Doc: "a snapshot that comes late is saved " +
		"over a newer one: after a restart it does not reach to where the log begins"},
	bugOldTermSnapshot: {Name: "old-term-snapshot", Doc: "a snapshot is taken from a leader of an " +
		"earlier term",
		Masked: "equivalent for safety: what a snapshot holds was committed, whoever sends it"},
	bugChunkAppendedTwice: {Name: "chunk-appended-twice", Doc: "a chunk of a snapshot is appended " +
		"whatever its offset: one that arrives twice is in it twice"},
	bugChunksOfTwoSnapshots: {Name: "chunks-of-two-snapshots", Doc: "a snapshot that was begun is " +
		"completed with chunks of another one"},
	bugLaggardsLeftBehind: {Name: "laggards-left-behind", Doc: "a follower that needs entries which " +
		"a snapshot covers is sent nothing: it never catches up (liveness)"},
}
