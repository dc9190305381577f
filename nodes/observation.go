package nodes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Fact is what kind of thing a node saw itself do.
type Fact string

// The facts. Hash is a chain hash where it stands: it covers the entry at Index and all before.
const (
	BecameLeader    Fact = "leader"    // of Term; where told, its log ends at Index, chain Hash
	BecameFollower  Fact = "follower"  // in Term; Peer is the leader it follows, if known
	BecameCandidate Fact = "candidate" // in Term
	Voted           Fact = "voted"     // in Term for Peer, durably
	Appended        Fact = "appended"  // its log ends with the entry of Term at Index; chain Hash
	Committed       Fact = "committed" // up to Index, whose entry is of Term; chain Hash
	Applied         Fact = "applied"   // up to Index; Hash of the state, by the same rule on all nodes
	Executed        Fact = "executed"  // a session's command at log Index; Hash of (session, sequence)

	// Of Paxos: Term is a ballot, Index a decree or a slot, Hash that of the value alone.
	Promised   Fact = "promised"   // to take no ballot below Term, durably
	Accepted   Fact = "accepted"   // in ballot Term at Index, durably
	Decided    Fact = "decided"    // at Index; Term 0 where the node was only told
	Configured Fact = "configured" // from Index on; Term counts configurations, Hash has bit i for ni
)

// Observation is one fact about a node, written down for oracles and reports before its effect
// leaves the node. One Appended a batch is enough: a chain hash covers what came before. But each
// entry has its Committed: two nodes that disagree about one may never again commit at an index
// that the other told of.
type Observation struct {
	Fact  Fact   `json:"fact"`
	Term  uint64 `json:"term"`
	Index uint64 `json:"index,omitempty"`
	Hash  uint64 `json:"hash,omitempty,string"`
	Peer  ID     `json:"peer,omitempty"`
}

// Observed is an observation with where and when it was made. An oracle judges streams of them,
// one stream a node, ordered by (Boot, Seq).
type Observed struct {
	Node ID            `json:"node"`
	Boot uint64        `json:"boot"` // counts up at each start of the node
	Seq  uint64        `json:"seq"`  // within the boot, dense from 0
	Time time.Duration `json:"time"` // true time since the node's environment began: for pictures
	Observation
}

// AppendJSON appends o as one JSON object without a line end.
func (o Observed) AppendJSON(b []byte) []byte {
	text, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("nodes: an observation always marshals: %v", err))
	}
	return append(b, text...)
}

// ParseObserved reads lines of observations of one node. A torn last line is normal and dropped;
// other damage is an error with its line number.
func ParseObserved(text []byte) ([]Observed, error) {
	var out []Observed
	for n := 1; len(text) > 0; n++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		var o Observed
		if err := json.Unmarshal(line, &o); err != nil {
			if !whole {
				break
			}
			return out, fmt.Errorf("read observations line %d: %w", n, err)
		}
		out, text = append(out, o), rest
	}
	return out, nil
}
