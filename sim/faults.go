package sim

import (
	"fmt"
	"slices"
	"time"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/nemesis"
	"sunder/nodes"
)

// Inject starts or ends a fault, at once.
func (w *World) Inject(inv history.Event, fault int, end bool) {
	var value history.Value
	var err error
	if w.Plan.Faults[fault].On != nil && !end {
		value = inv.Value
		w.arm(fault)
	} else {
		w.disarm(fault)
		value, err = w.injector.Do(fault, end)
	}
	done := inv
	done.Time, done.Kind, done.Value = w.now, history.OK, value
	if err != nil {
		done.Kind, done.Error = history.Info, err.Error()
	}
	w.complete(done)
}

// How long a healed cluster may take until it serves again, and how often that is looked at.
const (
	recoverLimit = 10 * time.Second
	recoverEvery = 10 * time.Millisecond
)

// Recover waits until every node that no fault keeps away runs and all agree on who leads, where
// anybody does. The network is healed, too.
func (w *World) Recover(inv history.Event) {
	w.healed, w.ranks = true, nil
	w.Plan.Network = calm(w.Plan.Network)
	limit := w.now + recoverLimit
	var look func()
	look = func() {
		away := w.away()
		leader, agree := w.leader(away)
		done := inv
		done.Time, done.Kind = w.now, history.OK
		done.Value = history.Marshal(harness.Recovered{Leader: leader, Without: away})
		switch {
		case agree:
		case w.now < limit:
			w.at(w.now+recoverEvery, look)
			return
		default:
			done.Kind = history.Info
			done.Error = fmt.Sprintf("not recovered after %v", recoverLimit)
		}
		w.complete(done)
	}
	look()
}

// away is the nodes that faults keep away even now, and those that refuse to start because a bit of
// their disks flipped: that is right, as long as the others are a majority.
func (w *World) away() []string {
	away := w.injector.Ledger.Away()
	var refused []string
	for _, n := range w.nodes {
		if n.proc == nil && !n.killed && n.disk.flips > 0 && n.disk.failed == nil {
			refused = append(refused, n.id.String())
		}
	}
	if len(away)+len(refused) > (len(w.nodes)-1)/2 {
		return away
	}
	away = append(away, refused...)
	slices.Sort(away)
	return away
}

// leader is whom the node of the highest term believes to lead, and whether all nodes agree, but
// those that are away: on that, or that nobody has to.
func (w *World) leader(away []string) (leader string, agree bool) {
	agree = true
	var term uint64
	first := true
	for _, n := range w.nodes {
		if slices.Contains(away, n.id.String()) {
			continue
		}
		st, ok := n.status()
		if !ok {
			agree = false
			continue
		}
		if !st.Serves() {
			continue
		}
		if !first && st.Leader != leader || st.Leader == "" && !st.Leaderless {
			agree = false
		}
		first = false
		if st.Leader != "" && st.Term >= term {
			leader, term = st.Leader, st.Term
		}
	}
	return leader, agree
}

// driver is the World as the injector sees it.
type driver struct{ w *World }

func (d driver) View() nemesis.View {
	v := nemesis.View{Now: d.w.now}
	var term uint64
	for _, n := range d.w.nodes {
		if n.proc == nil && n.exit != "" {
			v.Dead = append(v.Dead, n.id.String())
		}
		if st, ok := n.status(); ok && st.Role == "leader" && st.Term >= term {
			v.Leader, term = st.ID, st.Term
		}
	}
	return v
}

// Apply brings the nodes into their states, at once. Processes start with the clock that they
// shall have.
func (d driver) Apply(states map[string]nemesis.State) (time.Duration, error) {
	for _, n := range d.w.nodes {
		s := states[n.id.String()]
		clear(n.drop)
		for _, name := range s.Drop {
			from, err := nodes.ParseID(name)
			if err != nil {
				return 0, err
			}
			n.drop[from] = true
		}
		d.w.release(n)
		if *n.clock.skew != s.Clock {
			n.clock.set(d.w.now, s.Clock)
			n.rearm()
		}
		if s.Killed {
			n.down()
			n.killed = true
		}
		if s.Power && !n.dark {
			n.losePower()
		}
		n.dark = s.Power
		if s.Flipped && !n.flipped {
			n.flipBit()
		}
		n.flipped = s.Flipped
		if n.killed && !s.Killed {
			n.killed = false
			n.boot()
		}
		n.setDisk(s.Disk)
		switch {
		case n.proc == nil:
		case s.Paused:
			n.paused = true
		case n.paused:
			n.resume()
		}
	}
	return 0, nil
}

// Read tells what is. Over each edge that is cut it sends a probe, as protocols leave some idle.
func (d driver) Read(into map[string]nemesis.Evidence) {
	for _, n := range d.w.nodes {
		e := nemesis.Evidence{State: "running", PID: int(n.life), Born: n.life,
			Disk: n.disk.mode, Faulty: n.disk.faulty, Flips: n.disk.flips,
			Clocks: n.proc != nil && !n.paused}
		switch {
		case n.proc == nil:
			e.State, e.PID, e.Born = "dead", 0, 0
		case n.paused:
			e.State = "stopped"
		}
		for _, from := range d.w.nodes {
			if n.drop[from.id] {
				n.ignore(from)
			}
		}
		e.Dropped = n.dropped()
		if e.Clocks {
			e.Raw, e.Monotonic = d.w.now, time.Duration(n.Now())
			e.Realtime = n.Wall().Sub(epoch)
			e.Skew = n.clock.skew
		}
		into[n.id.String()] = e
	}
}

// ignore counts a packet that n dropped.
func (n *node) ignore(from *node) {
	n.lost[from.id]++
	n.shown = nil
}

// dropped is whose packets n dropped, how many of each. It is never changed once it was shown.
func (n *node) dropped() map[string]uint64 {
	if n.shown == nil {
		n.shown = make(map[string]uint64)
		for _, from := range n.w.nodes {
			if count := n.lost[from.id]; count > 0 {
				n.shown[from.id.String()] = count
			}
		}
	}
	return n.shown
}

// Leader is who is believed to lead, or "-".
func (w *World) Leader() string {
	if leader := (driver{w}).View().Leader; leader != "" {
		return leader
	}
	return "-"
}
