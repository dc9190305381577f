package generator

import (
	"time"

	"sunder/harness/history"
)

// Fold emits what op makes of a state, as Func does, and lets see change the state with each
// completion: so that a compare-and-set, say, can expect what was last read.
func Fold[S comparable](s S, see func(S, history.Event) S,
	op func(S, Context, Thread) Op) Generator {
	return Generator{&folded[S]{s, see, op}}
}

type folded[S comparable] struct {
	s   S
	see func(S, history.Event) S
	op  func(S, Context, Thread) Op
}

func (f *folded[S]) next(c Context) (Op, Verdict, time.Duration, state) {
	t, free, any := c.pick()
	if !any {
		return over()
	}
	if !free {
		return Op{}, Pending, 0, f
	}
	op := f.op(f.s, c, t)
	op.Thread = t
	return op, Emit, 0, f
}

func (f *folded[S]) update(_ Context, _ Thread, e history.Event) state {
	if s := f.see(f.s, e); s != f.s {
		return &folded[S]{s, f.see, f.op}
	}
	return f
}
