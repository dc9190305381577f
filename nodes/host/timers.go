package host

import (
	"math/bits"
	"time"

	"sunder/nodes"
)

// timers are the node's, on the process's own monotonic clock.
type timers struct{ due map[nodes.TimerID]nodes.Mono }

func (t *timers) set(id nodes.TimerID, at nodes.Mono) {
	if t.due == nil {
		t.due = make(map[nodes.TimerID]nodes.Mono)
	}
	t.due[id] = at
}

// next is the timer that falls due first. A node has a handful, so a scan is enough.
func (t *timers) next() (id nodes.TimerID, at nodes.Mono, set bool) {
	for i, due := range t.due { // ties go to the smaller ID: the map's order does not matter
		if !set || due < at || due == at && i < id {
			id, at, set = i, due, true
		}
	}
	return id, at, set
}

const (
	never = time.Hour // how long the owner sleeps when no timer is set
	nap   = 2 * time.Millisecond
)

// sleep is how long the owner may sleep before it looks at its clock again.
//
// The clock of this process may be made to run fast (the agent hooks the vDSO), but the kernel
// sleeps by the true one: a runtime timer for d takes d of true time when the thread is idle, and
// by then a clock at rate 2 has counted 2d. So we sleep half of what remains and look again; the
// last two milliseconds we sleep through. Up to rate 2 a timer is late by no more than that, and
// at the true rate a timer of 150 ms costs seven wakes. A clock that runs slow needs no care: the
// runtime looks at it after each sleep and sleeps on.
func (t *timers) sleep(now nodes.Mono) time.Duration {
	_, at, set := t.next()
	switch left := at.Sub(now); {
	case !set:
		return never
	case left <= nap:
		return max(left, 0)
	default:
		return left / 2
	}
}

// random numbers are a function of (seed, purpose, occurrence). The seed is the boot's.
type random struct {
	seed uint64
	used map[string]uint64
}

func (r *random) draw(purpose string, n uint64) uint64 {
	if r.used == nil {
		r.used = make(map[string]uint64)
	}
	x := r.seed
	for i := range len(purpose) {
		x = mix(x ^ uint64(purpose[i]))
	}
	x = mix(x ^ r.used[purpose])
	r.used[purpose]++
	hi, _ := bits.Mul64(x, n) // Lemire's reduction: in [0, n), with a bias of n/2⁶⁴
	return hi
}

// mix is the step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
