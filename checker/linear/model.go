// Package linear judges whether every object of a history behaved as if it were one copy, touched
// by one operation at a time, each at a point between its invocation and its completion
// (Herlihy and Wing, 1990).
//
// What the object is, a Model says. Keys are judged one by one (linearizability is local), by a
// bounded number of workers, within a budget that is kept: a key that takes longer is Unknown.
package linear

import (
	"sunder/harness/history"
)

// Model is an object as a sequential machine: S is its state, O one operation on it together with
// what it answered. Both are comparable, so that states that were seen before are recognised.
type Model[S, O comparable] struct {
	Name string
	Init S

	// Parse reads an operation that ended as OK or Info. skip drops it: a read whose answer
	// nobody knows, say. The answer of an Info is unknown, and O must say so where Step needs it.
	Parse func(o history.Operation) (op O, skip bool, err error)

	// Step does op in state s. It is false where the object would not have answered so.
	Step func(s S, op O) (S, bool)

	// ReadOnly says that op changes no state. nil: any op may.
	ReadOnly func(op O) bool

	// Overwrites says that the state after any op that is not ReadOnly is the same from every
	// state in which Step allows it: so for a write or a compare-and-set, not for an increment.
	Overwrites bool

	// String is op in words: write 3. nil: fmt's.
	String func(op O) string

	// quick is an engine of the model's own. It says whether it applies to a history.
	quick func(ops []Op[O]) (decision, bool)

	// narrow gives, for one key, a Step that allows less: nothing that leads nowhere for certain.
	narrow func(ops []Op[O]) func(S, O) (S, bool)

	// part is the operations of a witness of quick, as they stand in it.
	part func(ops []Op[O], witness []int32) []Op[O]
}

// Op is an operation as it stands in the history of one key.
type Op[O any] struct {
	Do      O
	Index   int // history index of its invocation
	Return  int // history index of its ok completion, or Open
	Process history.Process
}

// Open is the Return of an operation that may take effect at any time after its invocation.
const Open = int(^uint(0) >> 1)
