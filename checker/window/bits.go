package window

import "math/bits"

// slots is a set of slots.
type slots struct{ lo, hi uint64 }

func (b *slots) set(slot uint8) {
	if slot < 64 {
		b.lo |= 1 << slot
	} else {
		b.hi |= 1 << (slot - 64)
	}
}

func (b *slots) clear(slot uint8) {
	if slot < 64 {
		b.lo &^= 1 << slot
	} else {
		b.hi &^= 1 << (slot - 64)
	}
}

func (b slots) has(slot uint8) bool {
	if slot < 64 {
		return b.lo>>slot&1 == 1
	}
	return b.hi>>(slot-64)&1 == 1
}

func (b slots) minus(c slots) slots { return slots{b.lo &^ c.lo, b.hi &^ c.hi} }
func (b slots) and(c slots) slots   { return slots{b.lo & c.lo, b.hi & c.hi} }
func (b slots) empty() bool         { return b.lo|b.hi == 0 }

// take removes the least slot and returns it. The set is not empty.
func (b *slots) take() uint8 {
	if b.lo != 0 {
		n := bits.TrailingZeros64(b.lo)
		b.lo &= b.lo - 1
		return uint8(n)
	}
	n := bits.TrailingZeros64(b.hi)
	b.hi &= b.hi - 1
	return uint8(64 + n)
}

// free is the least slot that is not in the set.
func (b slots) free() (slot uint8, found bool) {
	inverse := slots{^b.lo, ^b.hi}
	if inverse.empty() {
		return 0, false
	}
	return inverse.take(), true
}
