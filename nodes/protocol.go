package nodes

import (
	"fmt"
	"slices"
	"strings"

	"sunder/nodes/kv"
)

// Protocol is a consensus protocol, as an environment needs it to run its nodes.
type Protocol struct {
	Name    string
	Doc     string // a line
	New     func(Config) (Node, error)
	Decode  func(kind uint8, p []byte) (Message, error) // of what AppendTo wrote; p is untrusted
	Kinds   []string                                    // of message, by their numbers
	Options []Option
	Bugs    []Bug
	Ops     []kv.Op // the commands it can do
	// Clock is what the protocol assumes of clocks under these options.
	Clock func(options map[string]string) ClockAssumption
	// Flips says that it survives bits that flip on the disks of a minority: it repairs them from
	// others. Else it assumes that what a sync made durable is read back as it was written.
	Flips bool
	// Local says that a node acknowledges what it alone has: nobody can expect to read that while the
	// node is away, so no fault may stay to the end. Nor is it linearizable, and it must be found.
	Local bool
	// Successive says that it bears a failure only when the one before was repaired, or answered by a
	// reconfiguration: a fault may stay to the end only if there was no other before it.
	Successive bool
	// Enclose, where there is one, is put around every call into a node by an environment that
	// replays: it makes deterministic what a foreign library draws from elsewhere than Env.Rand.
	Enclose func(env Env, call func())
}

// KindList is the kinds of message, for an error.
func (p Protocol) KindList() string {
	unused := func(k string) bool { return k == "" }
	return strings.Join(slices.DeleteFunc(slices.Clone(p.Kinds), unused), ", ")
}

// Enter does a call into a node, in an environment that replays.
func (p Protocol) Enter(env Env, call func()) {
	if p.Enclose == nil {
		call()
		return
	}
	p.Enclose(env, call)
}

// Config is what a node is told at its creation. It is the same at each boot.
type Config struct {
	Self    ID
	Members []ID              // every ID that may ever exist, ascending
	Options map[string]string // values of the protocol's options; absent: the first value
	Bug     string            // the planted bug, or none
}

// Option is a choice that a protocol leaves to the test, such as how it reads.
type Option struct {
	Name   string
	Doc    string
	Values []string // the valid ones, default first
	Weak   []string // of them, those under which less is promised than checkers ask for
}

// Bug is a planted mistake, off unless named.
type Bug struct {
	Name string
	Doc  string // which line of the protocol it breaks, and what follows
	// Masked says why no search is expected to find it: it is equivalent to the correct protocol,
	// or another guard, which it names, hides it. Empty: it is to be found.
	Masked string
}

// ClockAssumption is what a system relies on about clocks for its safety.
type ClockAssumption struct {
	Bounded bool    // it relies on a bound; else no clock can make it wrong
	Drift   float64 // monotonic rates within 1±Drift are tolerated
	Words   string  // for which reads, as a sentence for the report
}

// Covers says whether a monotonic clock that counts rate seconds in a true second is within the
// assumption.
func (a ClockAssumption) Covers(rate float64) bool {
	return !a.Bounded || rate >= 1-a.Drift && rate <= 1+a.Drift
}

// Option is the value of the named option: the given one or the default.
func (c Config) Option(p Protocol, name string) string {
	if v := c.Options[name]; v != "" {
		return v
	}
	for _, o := range p.Options {
		if o.Name == name {
			return o.Values[0]
		}
	}
	return ""
}

// Pick is those of a test's options that are p's.
func (p Protocol) Pick(options map[string]string) map[string]string {
	own := make(map[string]string)
	for _, o := range p.Options {
		if v := options[o.Name]; v != "" {
			own[o.Name] = v
		}
	}
	return own
}

// Check says what is wrong with a configuration of p, listing what would be right.
func (p Protocol) Check(c Config) error {
	if !slices.Contains(c.Members, c.Self) {
		return fmt.Errorf("check configuration of %s: %s is not among its members %v",
			p.Name, c.Self, c.Members)
	}
	for name, value := range c.Options { // any one of the mistakes will do
		at := slices.IndexFunc(p.Options, func(o Option) bool { return o.Name == name })
		if at < 0 {
			return fmt.Errorf("check options of %s: no option %q; it has %s",
				p.Name, name, names(p.Options, func(o Option) string { return o.Name }))
		}
		if value != "" && !slices.Contains(p.Options[at].Values, value) {
			return fmt.Errorf("check options of %s: %s %q is none of %s",
				p.Name, name, value, strings.Join(p.Options[at].Values, ", "))
		}
	}
	if c.Bug != "" && !slices.ContainsFunc(p.Bugs, func(b Bug) bool { return b.Name == c.Bug }) {
		return fmt.Errorf("check options of %s: bug %q is none of %s",
			p.Name, c.Bug, names(p.Bugs, func(b Bug) string { return b.Name }))
	}
	return nil
}

func names[T any](list []T, name func(T) string) string {
	if len(list) == 0 {
		return "(none)"
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = name(v)
	}
	return strings.Join(out, ", ")
}
