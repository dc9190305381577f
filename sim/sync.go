package sim

import (
	"cmp"
	"errors"
	"time"

	"sunder/nodes"
)

// How long a sync takes, and how much longer on a slow disk.
const (
	fsyncMin  = 100 * time.Microsecond
	fsyncMean = 300 * time.Microsecond // of what comes on top, exponentially
	slowMean  = 50 * time.Millisecond
)

// What a disk fault does to syncs; the words are those of a plan.
const (
	diskSlow  = "slow"
	diskStall = "stall"
	diskError = "error"
	diskFull  = "full"
)

// roomMax is what a disk at most has left when it is said to be full: a few writes still fit, and
// the one after them in part.
const roomMax = 1024

// Sync makes what was appended durable after a while. Syncs end in the order in which they were
// asked for.
func (n *node) Sync(f nodes.File, tok nodes.Token) {
	s := n.disk.sync(f, tok)
	if n.disk.mode != "" && n.disk.mode != diskFull {
		n.disk.faulty++
	}
	if n.disk.mode == diskStall {
		n.stuck = append(n.stuck, s)
		return
	}
	n.begin(s)
}

func (n *node) begin(s syncing) {
	n.synced++
	h := mix(n.w.seed, streamFsync, uint64(n.id), n.synced)
	took := fsyncMin + exponential(h, cmp.Or(n.w.Plan.Network.Fsync.Duration, fsyncMean))
	if n.w.fixed != nil {
		took = n.w.fixed.takes
	}
	if n.disk.mode == diskSlow {
		took += exponential(mix(h), slowMean)
	}
	if n.w.fixed != nil {
		self := int32(n.id)
		took = cmp.Or(n.w.fixed.except[place{self, self, 0, int(n.synced)}].Takes.Duration, took)
	}
	n.w.tell(Moment{What: Syncing, Node: n.id, Nth: int(n.synced), Takes: took})
	n.busy = max(n.w.now+took, n.busy)
	n.syncs = append(n.syncs, s)
	n.w.queue.push(n.busy, &job{kind: synced, node: n, life: n.life})
}

// endSync ends a sync. A node that hears of a failure may have last words, and then it ends whether
// it asks for that or not, as in package host.
func (n *node) endSync(s syncing) {
	if n.disk.mode == diskError {
		n.disk.fail("sync", "a file", errSync)
	}
	err := n.disk.synced(s)
	n.w.tell(Moment{What: Synced, Node: n.id})
	n.proc.Synced(n, s.token, err)
	if len(n.w.armed) > 0 {
		n.w.happened(syncDone, n.id, 0, 0, 0)
	}
	if err != nil && n.exit == "" {
		n.Stop(err.Error())
	}
}

// setDisk begins or ends a disk fault. What a stalled disk held back goes on.
func (n *node) setDisk(mode string) {
	if mode == n.disk.mode {
		return
	}
	n.disk.mode = mode
	if mode == diskFull {
		n.disk.filled++
		n.disk.room = int(mix(n.w.seed, streamFull, uint64(n.id), n.disk.filled) % roomMax)
	}
	stuck := n.stuck
	n.stuck = nil
	for _, s := range stuck {
		n.begin(s)
	}
	n.revive()
}

// revive starts a node again that stopped over what a fault did to its disk, once that is over.
func (n *node) revive() {
	switch {
	case n.proc != nil || n.killed || n.disk.mode == diskError || n.disk.mode == diskFull:
	case errors.Is(n.disk.failed, errSync) || errors.Is(n.disk.failed, errFull):
		n.boot()
	}
}
