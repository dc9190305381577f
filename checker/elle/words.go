package elle

import (
	"fmt"
	"strings"

	"sunder/checker"
)

// wordsMax bounds how much of a list and of a transaction is said.
const wordsMax = 12

// list is a list in words.
func (t *Txns) list(list []int64) string {
	var b strings.Builder
	b.WriteByte('[')
	if left := len(list) - wordsMax; left > 0 {
		fmt.Fprintf(&b, "%d more, then ", left)
		list = list[left:]
	}
	for i, v := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.say(v))
	}
	b.WriteByte(']')
	return b.String()
}

// txn is a transaction in words.
func (t *Txns) txn(i int32) string {
	x := &t.All[i]
	var b strings.Builder
	fmt.Fprintf(&b, "T%d (process %d):", x.Index, x.Process)
	for k, m := range x.Mops {
		if k == wordsMax {
			fmt.Fprintf(&b, " and %d more", len(x.Mops)-k)
			break
		}
		switch {
		case m.Write:
			fmt.Fprintf(&b, " %s<-%s", t.Keys[m.Key], t.say(m.Value))
		case !m.Known:
			fmt.Fprintf(&b, " %s=?", t.Keys[m.Key])
		case m.List != nil:
			fmt.Fprintf(&b, " %s=%s", t.Keys[m.Key], t.list(m.List))
		default:
			fmt.Fprintf(&b, " %s=%s", t.Keys[m.Key], t.say(m.Value))
		}
	}
	return b.String()
}

var edgeWords = map[edge]string{
	ww:       "wrote a version that %s replaced",
	wr:       "wrote what %s read",
	rw:       "did not see what %s wrote",
	process:  "was done before %s by the same process",
	realtime: "had completed before %s was invoked",
	known:    "wrote what a reader of %s knew and no longer saw",
}

// cyclic is a cycle in words: each transaction comes before the next, the last before the first.
func (a *analysis) cyclic(c cycle) checker.Anomaly {
	out := checker.Anomaly{Class: c.class}
	var b strings.Builder
	for i, s := range c.steps {
		next := c.steps[(i+1)%len(c.steps)].txn
		out.Ops = append(out.Ops, a.t.All[s.txn].Index)
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "T%d ", a.t.All[s.txn].Index)
		fmt.Fprintf(&b, edgeWords[s.kind], fmt.Sprintf("T%d", a.t.All[next].Index))
	}
	b.WriteString(": each comes before the next, which no order allows")
	for _, s := range c.steps {
		fmt.Fprintf(&b, "; %s", a.t.txn(s.txn))
	}
	out.Words = b.String()
	return out
}
