package generator

import (
	"fmt"
	"math/bits"
	"time"

	"sunder/harness/history"
)

// Thread is a slot that runs successive processes, one at a time. Clients' threads count from 0.
type Thread int32

// Nemesis is the thread of the nemesis.
const Nemesis Thread = -1

// nobody is no thread.
const nobody Thread = -2

// Threads knows which threads there are, which of them are free, which process each one runs, and
// how many operations were dispatched. The scheduler owns and changes it; generators see it
// through a Context.
type Threads struct {
	clients   int
	words     int // of a set that are in use
	all, free set
	fresh     set // had no turn in this round yet
	busy      int
	step      uint64
	seed      uint64
	processes []history.Process // by thread+1
	turns     []int             // operations that each thread had, by thread+1
}

// NewThreads has the given number of client threads, 1 to 255, and the nemesis; all are free.
func NewThreads(clients int, seed uint64) *Threads {
	if clients < 1 || clients >= words*64 {
		panic(fmt.Sprintf("generator: %d client threads, want 1 to %d", clients, words*64-1))
	}
	t := &Threads{clients: clients, words: clients/64 + 1, seed: mix(seed, saltRoot),
		processes: make([]history.Process, clients+1), turns: make([]int, clients+1)}
	for i := range t.processes {
		thread := Thread(i) - 1
		t.all.add(thread)
		t.processes[i] = history.Process(thread)
	}
	t.free, t.fresh = t.all, t.all
	return t
}

// Context is the view of everything at a moment.
func (t *Threads) Context(now time.Duration) Context {
	return Context{Time: now, Step: t.step, seed: t.seed, mask: t.all, drawn: nobody, threads: t}
}

// Process is the process that thread x runs now, or will run next.
func (t *Threads) Process(x Thread) history.Process { return t.processes[x+1] }

// Of is the thread of process p, one that was retired included.
func (t *Threads) Of(p history.Process) Thread {
	if p < 0 {
		return Nemesis
	}
	if int(p) < t.clients {
		return Thread(p)
	}
	return Thread(int(p) % t.clients)
}

// Free says whether thread x is free.
func (t *Threads) Free(x Thread) bool { return t.free.has(x) }

// Busy counts the threads that have an operation open.
func (t *Threads) Busy() int { return t.busy }

// Step counts an operation as dispatched without giving it to a thread: a line for the log.
func (t *Threads) Step() { t.step++ }

// Take gives a free thread an operation. Rounds keep it fair: a thread that had its turn waits
// until the ones that had none and are free had theirs.
func (t *Threads) Take(x Thread) {
	t.step++
	t.busy++
	t.turns[x+1]++
	t.free.remove(x)
	if !t.fresh.has(x) {
		t.fresh = t.all
	}
	t.fresh.remove(x)
}

// Release frees a thread whose operation ended as k. A client's process is retired by Info, and
// its thread goes on as another: the number of client threads further.
func (t *Threads) Release(x Thread, k history.Kind) {
	t.busy--
	t.free.add(x)
	if k == history.Info && x != Nemesis {
		t.processes[x+1] += history.Process(t.clients)
	}
}

// words is the size of a set. It bounds the threads of a test.
const words = 4

// set is a set of threads; thread t is bit t+1.
type set [words]uint64

func (s *set) has(t Thread) bool { return s[uint(t+1)/64%words]>>(uint(t+1)%64)&1 == 1 }
func (s *set) add(t Thread)      { s[uint(t+1)/64%words] |= 1 << (uint(t+1) % 64) }
func (s *set) remove(t Thread)   { s[uint(t+1)/64%words] &^= 1 << (uint(t+1) % 64) }

func (s *set) len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// nth is the n-th member, counted from 0; there are more than n.
func (s *set) nth(n int) Thread {
	for i, w := range s {
		if k := bits.OnesCount64(w); n >= k {
			n -= k
			continue
		}
		for ; n > 0; n-- {
			w &= w - 1
		}
		return Thread(i*64+bits.TrailingZeros64(w)) - 1
	}
	panic("generator: a set has fewer threads than it said")
}
