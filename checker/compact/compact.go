// Package compact holds the history of one register in sixteen bytes an operation, with values
// as small numbers, and says whether its values are unique: what the fast engines live on.
package compact

import (
	"math"
)

// Op is one operation on a register. A read has a From, a write a To, a compare-and-set both.
// Definite failures and open reads prove nothing and have no place here.
type Op struct {
	Call, Return uint32 // positions in one total order, from 1; Open if it may never have happened
	From, To     int32  // values
}

// The special values of Op's fields.
const (
	Open    = math.MaxUint32 // Return: it may take effect at any time after Call, or never
	None    = int32(-1)      // From or To: it reads or writes nothing
	Initial = int32(0)       // From: the register as it was before the first write
)

// Register is the history of one register, in the order of invocation.
type Register struct {
	Ops    []Op
	Values int // how many there are: values are 0 to Values-1
}

// Unique is a Register in which every value is written at most once, by whatever may have
// happened, and the initial value never. Only there does a read say which write it saw.
type Unique struct {
	Register
	Writer []int32 // the operation that writes a value, or None
}

// Unique checks that values are unique.
func (r Register) Unique() (Unique, bool) {
	writer := make([]int32, r.Values)
	for i := range writer {
		writer[i] = None
	}
	for i := range r.Ops {
		to := r.Ops[i].To
		if to == None {
			continue
		}
		if to == Initial || writer[to] != None {
			return Unique{}, false
		}
		writer[to] = int32(i)
	}
	return Unique{r, writer}, true
}

// Observed says of each value whether anybody saw it: an ok read or compare-and-set, or an open
// compare-and-set whose own value was seen. An open operation whose value was not observed can be
// dropped without a change to the verdict: whatever it did, the next write undid unseen. Where
// values repeat that is false, because nobody knows whose value was seen.
func (u Unique) Observed() []bool {
	seen := make([]bool, u.Values)
	for i := range u.Ops {
		o := &u.Ops[i]
		if o.Return == Open {
			continue
		}
		for v := o.From; v != None && !seen[v]; {
			seen[v] = true
			w := u.Writer[v]
			if w == None || u.Ops[w].Return != Open {
				break
			}
			v = u.Ops[w].From
		}
	}
	return seen
}
