package sim

// What the trace hash covers, beside the time at which it happened.
const (
	hashSend = iota + 1
	hashRecv
	hashTimer
	hashInvoke
	hashObserve
	hashComplete
	hashPower
)

// Trace is a hash of everything that happened so far.
func (w *World) Trace() uint64 { return w.trace }

func (w *World) note(what int, a, b uint64) {
	// As mix does, without its loop: there are thousands of notes in a simulated second.
	h := stir(stir(start, w.trace), uint64(w.now))
	w.trace = stir(stir(stir(h, uint64(what)), a), b)
}
