package environment

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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
	now map[string]nemesis.State // as last applied
}

// Now is the history's time.
func (d *driver) Now() time.Duration { return d.e.Now() }

// View asks every node what it believes.
func (d *driver) View() nemesis.View {
	reports := d.e.watch.ask(d.e.life, d.e)
	return nemesis.View{Now: d.e.Now(), Leader: leads(d.e.ids, reports)}
}

// Apply brings all nodes whose state changes into it, all at once.
func (d *driver) Apply(states map[string]nemesis.State) error {
	errs := make([]error, len(d.e.ids))
	var all sync.WaitGroup
	for i, id := range d.e.ids {
		want := states[id.String()]
		if reflect.DeepEqual(want, d.now[id.String()]) {
			continue
		}
		d.now[id.String()] = want
		all.Go(func() { errs[i] = d.apply(id, want) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (d *driver) apply(id nodes.ID, want nemesis.State) error {
	ctx, cancel := context.WithTimeout(d.e.life, applyMax)
	defer cancel()
	if _, err := d.e.cluster.Apply(ctx, id, want); err != nil {
		return fmt.Errorf("apply to %s: %w", id, err)
	}
	return nil
}

// Read reads back from every agent what its node is like, and from every node what its clocks
// show.
func (d *driver) Read() map[string]nemesis.Evidence {
	found := make([]nemesis.Evidence, len(d.e.ids))
	reports := d.e.watch.ask(d.e.life, d.e)
	var all sync.WaitGroup
	for i, id := range d.e.ids {
		all.Go(func() { found[i] = d.read(id) })
	}
	all.Wait()
	out := make(map[string]nemesis.Evidence, len(found))
	for i, id := range d.e.ids {
		if r, ok := reports[id]; ok {
			found[i].Clocks = true
			found[i].Realtime = time.Duration(r.Clocks.Realtime)
			found[i].Monotonic, found[i].Raw = r.Clocks.Monotonic, r.Clocks.Raw
		}
		out[id.String()] = found[i]
	}
	return out
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
