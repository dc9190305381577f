package environment

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"sunder/docker"
	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
)

// applyMax bounds bringing one node into its state.
const applyMax = 10 * time.Second

// driver does faults through the agents. Only the nemesis's goroutine calls it.
type driver struct {
	e   *Environment
	now map[string]nemesis.State // as last asked for

	unsure map[string]bool // that it is so: the last try failed
	dead   map[string]bool // as last read: no process runs
}

// View asks every node what it believes.
func (d *driver) View() nemesis.View {
	reports := d.e.watch.ask(d.e.life, d.e, d.e.ids, lookMax)
	v := nemesis.View{Now: d.e.Now(), Leader: leads(d.e.ids, reports)}
	for _, n := range d.e.names {
		if d.dead[n] && !d.now[n].Killed {
			v.Dead = append(v.Dead, n)
		}
	}
	return v
}

// Apply brings all nodes whose state changes into it, all at once.
func (d *driver) Apply(states map[string]nemesis.State) (time.Duration, error) {
	began, rawBegan := d.e.Now(), monotonic()
	errs := make([]error, len(d.e.ids))
	done := make([]time.Duration, len(d.e.ids)) // when, on the machine's monotonic clock
	var all sync.WaitGroup
	for i, id := range d.e.ids {
		want, was := states[id.String()], d.now[id.String()]
		if reflect.DeepEqual(want, was) && !d.unsure[id.String()] {
			continue
		}
		d.now[id.String()] = want
		was.Lost = was.Lost || d.unsure[id.String()] // starting what runs does nothing
		all.Go(func() { done[i], errs[i] = d.apply(id, was, want) })
	}
	all.Wait()
	for i, id := range d.e.ids {
		d.unsure[id.String()] = errs[i] != nil
	}
	took := d.e.Now() - began
	// The agents say when they were done, on a clock that they share with us if their machine is
	// ours. Then their answers' way back does not count.
	if last := slices.Max(done) - rawBegan; last > 0 && last < took {
		took = last
	}
	return took, errors.Join(errs...)
}

// apply brings one node into its state, and says when that was done.
func (d *driver) apply(id nodes.ID, was, want nemesis.State) (done time.Duration, err error) {
	ctx, cancel := context.WithTimeout(d.e.life, applyMax)
	defer cancel()
	e, err := d.e.cluster.Apply(ctx, id, want) // a container that is down keeps it for its start
	if errors.Is(err, docker.ErrDown) {
		err = nil
	}
	switch {
	case want.Lost:
		_, err = d.e.cluster.Kill(ctx, id)
		e.Ended = monotonic()
	case was.Lost && err == nil:
		_, e, err = d.e.cluster.Start(ctx, id)
	}
	if err != nil {
		return e.Ended, fmt.Errorf("apply to %s: %w", id, err)
	}
	return e.Ended, nil
}

// heal brings every node into its state, known or not to be in it already, and makes sure that
// among those that no fault keeps away no cut, no wrong rate, no strobe and no dead or stopped
// process is left.
func (d *driver) heal(states map[string]nemesis.State, rest []nodes.ID) error {
	for _, n := range d.e.names {
		d.unsure[n] = true
	}
	if _, err := d.Apply(states); err != nil {
		return err
	}
	for _, id := range rest {
		ctx, cancel := context.WithTimeout(d.e.life, applyMax)
		e, err := d.e.cluster.Read(ctx, id)
		cancel()
		if err != nil {
			return fmt.Errorf("read back from %s: %w", id, err)
		}
		if left := leftOver(e, rest); left != "" {
			return fmt.Errorf("%s is not healed: %s", id, left)
		}
	}
	return nil
}

// leftOver says what of a fault a node still shows to these peers.
func leftOver(e agent.Evidence, peers []nodes.ID) string {
	if e.Process.State != agent.Running {
		return "its process is " + string(e.Process.State)
	}
	for peer, drop := range e.Drops { // any one will do
		id, err := nodes.ParseID(peer)
		if drop.Cut && (err != nil || slices.Contains(peers, id)) {
			return "it drops what " + peer + " sends"
		}
	}
	if e.Clock == nil {
		return ""
	}
	for _, s := range []nemesis.Skew{e.Clock.Skew.Realtime, e.Clock.Skew.Monotonic} {
		if s.Rate != 0 && s.Rate != 1 || s.Strobe != (nemesis.Strobe{}) {
			return fmt.Sprintf("a clock runs at %v with strobe %v", s.Rate, s.Strobe.Delta)
		}
	}
	return ""
}

// Read reads back from every agent what its node is like, and from every node what its clocks
// show.
func (d *driver) Read(into map[string]nemesis.Evidence) {
	d.probe()
	found := make([]nemesis.Evidence, len(d.e.ids))
	var all sync.WaitGroup
	for i, id := range d.e.ids {
		all.Go(func() { found[i] = d.read(id) })
	}
	all.Wait()
	var running []nodes.ID // the others would not answer
	for i, id := range d.e.ids {
		d.dead[id.String()] = found[i].State == string(agent.Dead)
		if found[i].State == string(agent.Running) {
			running = append(running, id)
		}
	}
	reports := d.e.watch.ask(d.e.life, d.e, running, proofMax)
	for i, id := range d.e.ids {
		if r, ok := reports[id]; ok {
			found[i].Clocks = true
			found[i].Realtime = time.Duration(r.Clocks.Realtime)
			found[i].Monotonic, found[i].Raw = r.Clocks.Monotonic, r.Clocks.Raw
		}
		into[id.String()] = found[i]
	}
}

// probe sends a packet over every edge while one is cut: a protocol leaves some edges idle, and
// what nobody sends nobody drops. An agent that cannot says so when it is read.
func (d *driver) probe() {
	var all sync.WaitGroup
	for _, s := range d.now {
		if len(s.Drop) == 0 {
			continue
		}
		for _, id := range d.e.ids {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(d.e.life, applyMax)
				defer cancel()
				if _, err := d.e.cluster.Probe(ctx, id); err != nil && !errors.Is(err, docker.ErrDown) {
					d.e.Log.Debug("probe the edges of a node", "node", id, "error", err)
				}
			})
		}
		break
	}
	all.Wait()
}

func (d *driver) read(id nodes.ID) nemesis.Evidence {
	ctx, cancel := context.WithTimeout(d.e.life, applyMax)
	defer cancel()
	e, err := d.e.cluster.Read(ctx, id)
	switch {
	case errors.Is(err, docker.ErrDown):
		return nemesis.Evidence{State: string(agent.Dead)}
	case err != nil:
		d.e.Log.Warn("read back from a node", "node", id, "error", err)
		return nemesis.Evidence{}
	}
	out := nemesis.Evidence{State: string(e.Process.State), PID: e.Process.PID, Born: e.Process.Start,
		Dropped: map[string]uint64{}, Expired: e.Lease.Expired}
	for peer, drop := range e.Drops {
		out.Dropped[peer] = drop.Packets
	}
	if e.Clock != nil {
		skew := e.Clock.Skew
		out.Skew = &skew
	}
	return out
}
