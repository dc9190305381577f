package raft

import "fmt"

// Messages say what they are, for golden tests, traces and pictures.

func (m *vote) String() string {
	if m.pre {
		return fmt.Sprintf("would you vote in term %d? my log ends at %d/%d",
			m.term, m.last, m.lastTerm)
	}
	return fmt.Sprintf("vote for me in term %d, my log ends at %d/%d", m.term, m.last, m.lastTerm)
}

func (m *voteReply) String() string {
	word := "no"
	if m.granted {
		word = "yes"
	}
	if m.pre {
		return fmt.Sprintf("%s, in term %d (a trial)", word, m.term)
	}
	return fmt.Sprintf("%s, in term %d", word, m.term)
}

func (m *appendEntries) String() string {
	what := "heartbeat"
	if n := uint64(len(m.entries)); n == 1 {
		what = fmt.Sprintf("entry %d", m.prev+1)
	} else if n > 1 {
		what = fmt.Sprintf("entries %d to %d", m.prev+1, m.prev+n)
	}
	return fmt.Sprintf("%s of term %d, after %d/%d, commit %d",
		what, m.term, m.prev, m.prevTerm, m.commit)
}

func (m *appendReply) String() string {
	if m.ok {
		return fmt.Sprintf("match up to %d, in term %d", m.index, m.term)
	}
	return fmt.Sprintf("no match at %d, try %d, in term %d", m.prev, m.index, m.term)
}

func (m *installSnapshot) String() string {
	return fmt.Sprintf("snapshot at %d/%d of term %d, bytes %d to %d of %d", m.mark.index,
		m.mark.term, m.term, m.offset, m.offset+uint64(len(m.data)), m.total)
}

func (m *snapshotReply) String() string {
	return fmt.Sprintf("send snapshot %d from byte %d, in term %d", m.index, m.offset, m.term)
}

func (m *readIndex) String() string {
	return fmt.Sprintf("up to where must I know, to read? (term %d)", m.term)
}

func (m *readIndexReply) String() string {
	if !m.ok {
		return fmt.Sprintf("I do not lead (term %d)", m.term)
	}
	return fmt.Sprintf("up to %d, to read (term %d)", m.index, m.term)
}
