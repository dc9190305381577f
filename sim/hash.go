package sim

import "math/bits"

// What the trace hash covers, beside the time at which it happened.
const (
	hashSend = iota + 1
	hashRecv
	hashTimer
	hashInvoke
	hashObserve
	hashComplete
	hashPower
	hashFlip
)

// Trace is a hash of everything that happened so far.
func (w *World) Trace() uint64 { return w.trace }

// note adds what happened now to the trace: two multiplications, as wyhash has them, since there
// are thousands of notes in a simulated second.
func (w *World) note(what int, a, b uint64) {
	h := fold(w.trace^uint64(w.now), uint64(what)*start+a)
	w.trace = fold(h^start, b^other)
}

// other is a second number with as many ones as zeros.
const other = 0xd6e8feb86659fd93

// fold is the product of two words, its high half over its low half.
func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
