package paxos

import "sunder/nodes"

// bug is a planted mistake. The zero bug is none.
type bug uint8

// Each bug is one guard left out; the line that asks for it says which.
const (
	bugIgnoresAccepted bug = iota + 1
	bugPromiseOmitsAccepted
	bugLowestBallotWins
	bugLastPromiseWins
	bugPromiseNotPersisted
	bugAcceptedNotPersisted
	bugBallotWithoutNode
	bugLearnsFromOne
	bugAcceptsPooled
	bugAcceptKeepsPromise
	bugQuorumHalf
	bugAckBeforeFsync
	bugBallotNotPersisted
	bugPromisesLower
	bugAcceptsBelowPromise
	bugPromisesPooled
	bugAnswersCountTwice
	bugNoPhase1
	bugBallotBeforeFsync
	bugCountsItselfUnsynced
	bugTellsAccepted
	bugAppliesPastGap
	bugProposesTwice
	bugAnyDecisionIsMine
	bugStaleRead
	bugNoSessionDedupe
	bugNameUnsynced
	bugCRCUnchecked
	bugTornTailKept
)

// plantedBugs is all of them, at the place of their number less one.
var plantedBugs = []nodes.Bug{
	{Name: "ignores-accepted", Doc: "a proposer proposes its own value although a promise reported " +
		"another (section 2.2, P2c): a decree is decided twice"},
	{Name: "promise-omits-accepted", Doc: "a promise does not report what was accepted (phase 1b): " +
		"the proposer cannot know that a value may be chosen"},
	{Name: "lowest-ballot-wins", Doc: "of several reported values the proposer takes that of the " +
		"smallest ballot (phase 2a): a chosen value is replaced"},
	{Name: "last-promise-wins", Doc: "of several reported values the proposer takes the one that it " +
		"heard last (phase 2a)"},
	{Name: "promise-not-persisted", Doc: "a promise is not written down (section 2.5): after a " +
		"restart the acceptor takes part in ballots that it had promised to leave alone"},
	{Name: "accepted-not-persisted", Doc: "an accepted value is not written down (section 2.5): " +
		"after a restart the majority that chose it is none"},
	{Name: "ballot-without-node", Doc: "a ballot is a round only: two proposers use the same one " +
		"for different values (section 2.5)"},
	{Name: "learns-from-one", Doc: "a learner takes a value for chosen that one acceptor has " +
		"accepted (section 2.3)"},
	{Name: "accepts-pooled", Doc: "a learner counts what was accepted in different ballots " +
		"together, as if it was one majority"},
	{Name: "accept-keeps-promise", Doc: "accepting a value promises nothing: an acceptor that was " +
		"not asked in phase 1 lets an older ballot replace what it accepted"},
	{Name: "quorum-half", Doc: "half of the acceptors are enough: two such quorums need not meet"},
	{Name: "ack-before-fsync", Doc: "an acceptor answers before what it says is durable: a power " +
		"loss takes the majority that others count on"},
	{Name: "ballot-not-persisted", Doc: "a proposer does not write its round down (section 2.5): " +
		"restarted, it uses a ballot again for another value"},
	{Name: "promises-lower", Doc: "an acceptor answers a prepare below its promise with a promise " +
		"(phase 1b), and keeps the larger one: no client can notice, because phase 2 still refuses"},
	{Name: "accepts-below-promise", Doc: "an acceptor accepts below what it promised (phase 2b)"},
	{Name: "promises-pooled", Doc: "a proposer counts promises that it was given for earlier " +
		"ballots of its own: their givers may have accepted something since"},
	{Name: "answers-count-twice", Doc: "an answer that arrives twice counts twice: a majority of " +
		"messages is not one of acceptors"},
	{Name: "no-phase-1", Doc: "a proposer asks to accept its value without asking for promises"},
	{Name: "ballot-before-fsync", Doc: "a proposer uses a round before it is durable: after a " +
		"power loss it uses it again"},
	{Name: "counts-itself-unsynced", Doc: "a proposer counts its own acceptor before its fsync"},
	{Name: "tells-accepted", Doc: "a learner that is asked tells what its acceptor has accepted, " +
		"as if it was chosen"},
	{Name: "applies-past-gap", Doc: "a learner applies what is decided at once, past decrees that " +
		"it does not know: the states differ"},
	{Name: "proposes-twice", Doc: "a proposer whose attempt failed takes another command to that " +
		"decree, and this one to a later, though others may still complete it: it is done twice"},
	{Name: "any-decision-is-mine", Doc: "a proposer answers its client when the decree is decided, " +
		"for whichever value"},
	{Name: "stale-read", Doc: "reads are answered from the node's own state, without a decree"},
	{Name: "no-session-dedupe", Doc: "commands that are sent again are done again"},
	{Name: "name-unsynced", Doc: "the directory is not synced after the log was created: a power " +
		"loss takes the whole file"},
	{Name: "crc-unchecked", Doc: "recovery trusts records without looking at their checksum: a " +
		"torn write comes back as a promise, or as a value"},
	{Name: "torn-tail-kept", Doc: "recovery leaves a torn tail in place and appends behind it: " +
		"the next recovery ends there, and all that came later is lost"},
}

func bugNamed(name string) bug {
	for i, b := range plantedBugs {
		if b.Name == name {
			return bug(i + 1)
		}
	}
	return 0
}
