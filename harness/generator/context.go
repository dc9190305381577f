package generator

import (
	"math/bits"
	"time"

	"sunder/harness/history"
)

// Context is what a generator may know when it decides. It is good for the call it is given to.
type Context struct {
	Time time.Duration // since the origin of the test
	Step uint64        // operations dispatched so far: unique to the next one

	seed    uint64 // salted on the way down, so that no two generators draw alike
	mask    set    // the threads that this generator may use
	drawn   Thread // the free one of them that was drawn on the way down, or nobody
	threads *Threads
}

// Rand is a random number below n, the same for the same seed, step, generator and purpose.
func (c Context) Rand(purpose string, n uint64) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := 0; i < len(purpose); i++ {
		h = (h ^ uint64(purpose[i])) * 1099511628211
	}
	return c.below(h, n)
}

// Process is the process that thread t runs.
func (c Context) Process(t Thread) history.Process { return c.threads.Process(t) }

// below is a random number below n, or 0.
func (c *Context) below(salt, n uint64) uint64 {
	hi, _ := bits.Mul64(mix(mix(c.seed, c.Step), salt), n)
	return hi
}

// salt is the context of a generator inside: its draws are independent of all others.
func (c Context) salt(n uint64) Context {
	c.seed = mix(c.seed, n)
	return c
}

// on is the context of a generator that may use only the threads of m, the drawn one first.
func (c Context) on(m *set, drawn Thread) Context {
	for i := range c.threads.words {
		c.mask[i] &= m[i]
	}
	c.drawn = nobody
	if drawn != nobody && c.mask.has(drawn) {
		c.drawn = drawn
	}
	return c
}

// idle says whether every thread is free.
func (c *Context) idle() bool {
	var busy uint64
	for i := range c.threads.words {
		busy |= c.mask[i] &^ c.threads.free[i]
	}
	return busy == 0
}

// pick draws one of the free threads, if one is free; any says whether there are threads at all.
// Those that had no turn in this round come first. The nemesis is drawn only where there is
// nobody else: what is for the nemesis says so by OnNemesis.
func (c *Context) pick() (t Thread, free, any bool) {
	if c.drawn != nobody {
		return c.drawn, true, true
	}
	workers := c.workers()
	var can, early set
	var all uint64
	n, nEarly := 0, 0
	for i := range c.threads.words {
		all |= workers[i]
		can[i] = workers[i] & c.threads.free[i]
		early[i] = can[i] & c.threads.fresh[i]
		n += bits.OnesCount64(can[i])
		nEarly += bits.OnesCount64(early[i])
	}
	switch {
	case n == 0:
		return nobody, false, all != 0
	case nEarly > 0:
		return early.nth(int(c.below(saltPick, uint64(nEarly)))), true, true
	}
	return can.nth(int(c.below(saltPick, uint64(n)))), true, true
}

// workers are the threads that operations are drawn for: the clients, or else the nemesis.
func (c *Context) workers() set {
	m := c.mask
	m.remove(Nemesis)
	if m == (set{}) {
		return c.mask
	}
	return m
}

// Salts, one for each place where a generator draws or hands a context on.
const (
	saltRoot = iota + 1
	saltPick
	saltMap
	saltFilter
	saltPace
	saltChild
	saltOthers
	saltOrder
	saltLimit
)

// mix hashes two numbers into one: the halves of a 128-bit product, folded, twice.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd1b54a32d192ed03)
	hi, lo = bits.Mul64(hi^lo^0x8ebc6af09c88c6e3, 0x589965cc75374cc3^b)
	return hi ^ lo
}
