package paxos

import "fmt"

// Messages say what they are, for golden tests, traces and pictures.

func (m *prepare) String() string {
	return fmt.Sprintf("1a prepare decree %d, ballot %s", m.decree, m.ballot)
}

func (m *promise) String() string {
	if m.accepted == 0 {
		return fmt.Sprintf("1b promise decree %d, ballot %s, nothing accepted", m.decree, m.ballot)
	}
	return fmt.Sprintf("1b promise decree %d, ballot %s, accepted %s in %s", m.decree, m.ballot,
		m.value, m.accepted)
}

func (m *accept) String() string {
	return fmt.Sprintf("2a accept decree %d, ballot %s, %s", m.decree, m.ballot, m.value)
}

func (m *accepted) String() string {
	return fmt.Sprintf("2b accepted decree %d, ballot %s", m.decree, m.ballot)
}

func (m *nack) String() string {
	return fmt.Sprintf("nack decree %d, ballot %s: %s is promised", m.decree, m.ballot, m.promised)
}

func (m *learn) String() string { return fmt.Sprintf("what is decided from decree %d on?", m.from) }

func (m *decided) String() string {
	if len(m.values) == 1 {
		return fmt.Sprintf("decree %d is decided: %s", m.from, m.values[0])
	}
	return fmt.Sprintf("decrees %d to %d are decided", m.from, m.from+uint64(len(m.values))-1)
}

// String is the command, and whose it is.
func (v *value) String() string {
	c := v.command
	words := c.Op.String()
	if c.Key != "" {
		words += " " + c.Key
	}
	if !c.ReadOnly() {
		words += fmt.Sprintf(" %d", c.Arg)
	}
	return fmt.Sprintf("%s of %s", words, v.origin)
}
