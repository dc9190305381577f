package nodestest

import (
	"fmt"
	"strings"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/kv"
)

// words says what a command was answered.
func words(c kv.Command, r kv.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", c.Op)
	if c.Key != "" {
		fmt.Fprintf(&b, " %s", c.Key)
	}
	if !c.ReadOnly() {
		fmt.Fprintf(&b, " %d", c.Arg)
	}
	fmt.Fprintf(&b, ": %s", r.Status)
	if r.Code != "" {
		fmt.Fprintf(&b, " %s", r.Code)
	}
	if r.Hint != "" {
		fmt.Fprintf(&b, ", try %s", r.Hint)
	}
	if r.Found {
		fmt.Fprintf(&b, " %d", r.Value)
	}
	return b.String()
}

// fact says what a node observed.
func fact(o nodes.Observation) string {
	switch o.Fact {
	case nodes.BecameLeader:
		return fmt.Sprintf("leads term %d", o.Term)
	case nodes.BecameCandidate:
		return fmt.Sprintf("is a candidate of term %d", o.Term)
	case nodes.BecameFollower:
		if o.Peer != 0 {
			return fmt.Sprintf("follows %s in term %d", o.Peer, o.Term)
		}
		return fmt.Sprintf("follows nobody in term %d", o.Term)
	case nodes.Voted:
		return fmt.Sprintf("has voted for %s in term %d", o.Peer, o.Term)
	case nodes.Appended:
		return fmt.Sprintf("has entry %d of term %d", o.Index, o.Term)
	case nodes.Committed:
		return fmt.Sprintf("knows entry %d of term %d to be committed", o.Index, o.Term)
	case nodes.Applied:
		return fmt.Sprintf("has the state after entry %d", o.Index)
	case nodes.Promised:
		return fmt.Sprintf("has promised ballot %s%s", ballot.Ballot(o.Term), at(o))
	case nodes.Accepted:
		return fmt.Sprintf("has accepted in ballot %s%s", ballot.Ballot(o.Term), at(o))
	case nodes.Decided:
		return fmt.Sprintf("knows decree %d to be decided", o.Index)
	case nodes.Configured:
		return fmt.Sprintf("has configuration %d from decree %d on", o.Term, o.Index)
	case nodes.Executed:
		return fmt.Sprintf("does a session's command at entry %d", o.Index)
	}
	return fmt.Sprintf("%s %+v", o.Fact, o)
}

// at says which decree an observation is about, where it is one.
func at(o nodes.Observation) string {
	if o.Index == 0 {
		return " everywhere"
	}
	return fmt.Sprintf(" for decree %d", o.Index)
}

// malformed says what an observation lacks, or "".
func malformed(o nodes.Observation) string {
	switch o.Fact {
	case nodes.BecameFollower:
	case nodes.BecameLeader, nodes.BecameCandidate:
		if o.Term == 0 {
			return "no term"
		}
	case nodes.Voted:
		if o.Term == 0 || o.Peer == 0 {
			return "no term or no candidate"
		}
	case nodes.Appended, nodes.Committed:
		if o.Term == 0 || o.Index == 0 || o.Hash == 0 {
			return "no term, index or chain hash"
		}
	case nodes.Applied:
		if o.Index == 0 {
			return "no index"
		}
	case nodes.Promised:
		if o.Term == 0 {
			return "no ballot"
		}
	case nodes.Accepted:
		if o.Term == 0 || o.Index == 0 || o.Hash == 0 {
			return "no ballot, decree or value"
		}
	case nodes.Decided:
		if o.Index == 0 || o.Hash == 0 {
			return "no decree or value"
		}
	case nodes.Configured:
		if o.Term == 0 || o.Hash == 0 {
			return "no number or no members"
		}
	case nodes.Executed:
		if o.Index == 0 || o.Hash == 0 {
			return "no index or no hash"
		}
	default:
		return "an unknown fact"
	}
	return ""
}
