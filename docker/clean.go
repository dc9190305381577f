package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/hashicorp/go-hclog"
	"github.com/moby/moby/client"
)

// Clean removes the containers, volumes and networks that harnesses left which are dead by now,
// and says which runs those were. It leaves alone what belongs to a living process or to one of
// another machine.
func Clean(ctx context.Context, log hclog.Logger) ([]string, error) {
	d, err := reach(ctx, log)
	if err != nil {
		return nil, err
	}
	defer d.close()
	return d.clean(ctx)
}

func (d *daemon) clean(ctx context.Context) ([]string, error) {
	runs, err := d.orphans(ctx)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, run := range runs {
		d.log.Info("removing what a dead harness left", "run", run)
		errs = append(errs, d.sweep(ctx, run))
	}
	return runs, errors.Join(errs...)
}

// orphans are the runs whose owner is dead.
func (d *daemon) orphans(ctx context.Context) ([]string, error) {
	found, err := d.belongings(ctx, "")
	if err != nil {
		return nil, err
	}
	var runs []string
	seen, me := make(map[string]bool), self()
	for _, b := range found {
		run := b.labels[labelRun]
		if seen[run] {
			continue
		}
		seen[run] = true
		if o, err := parseOwner(b.labels[labelOwner]); err == nil && o.dead(me) {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// belonging is a container, volume or network of ours.
type belonging struct {
	name   string
	labels map[string]string
	remove func(context.Context) error
	order  int // of removal
}

// belongings are what a run has at the daemon, in the order of their removal; of every run, if
// run is empty.
func (d *daemon) belongings(ctx context.Context, run string) ([]belonging, error) {
	var all []belonging
	containers, err := d.api.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: ofRun(run),
	})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	for _, c := range containers.Items {
		all = append(all, belonging{"container " + c.ID, c.Labels, func(ctx context.Context) error {
			_, err := d.api.ContainerRemove(ctx, c.ID,
				client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			return err
		}, 0})
	}
	volumes, err := d.api.VolumeList(ctx, client.VolumeListOptions{Filters: ofRun(run)})
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	for _, v := range volumes.Items {
		all = append(all, belonging{"volume " + v.Name, v.Labels, func(ctx context.Context) error {
			_, err := d.api.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{})
			return err
		}, 1})
	}
	networks, err := d.api.NetworkList(ctx, client.NetworkListOptions{Filters: ofRun(run)})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks.Items {
		all = append(all, belonging{"network " + n.Name, n.Labels, func(ctx context.Context) error {
			return d.removeNetwork(ctx, n.ID)
		}, 1})
	}
	return all, nil
}

// sweep removes what a run has: containers first, for they hold the rest. What refuses is tried
// again for a while, because the daemon may be at it already on somebody else's behalf.
func (d *daemon) sweep(ctx context.Context, run string) error {
	var last error
	for range 20 {
		found, err := d.belongings(ctx, run)
		if err != nil {
			return fmt.Errorf("sweep run %s: %w", run, err)
		}
		if len(found) == 0 {
			return nil
		}
		last = errors.Join(removeAll(ctx, found, 0), removeAll(ctx, found, 1))
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("sweep run %s: %w", run, errors.Join(ctx.Err(), last))
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("sweep run %s: %w", run, last)
}

// removeAll removes those of one order, all at once.
func removeAll(ctx context.Context, all []belonging, order int) error {
	return each(all, func(b belonging) error {
		if b.order != order {
			return nil
		}
		if err := b.remove(ctx); err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("remove %s: %w", b.name, err)
		}
		return nil
	})
}

// removeNetwork removes a network that no node is in any more. A harness that runs in a container
// may still be: see join.
func (d *daemon) removeNetwork(ctx context.Context, id string) error {
	_, err := d.api.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	if err == nil || errdefs.IsNotFound(err) {
		return err
	}
	found, err2 := d.api.NetworkInspect(ctx, id, client.NetworkInspectOptions{})
	if err2 != nil || len(found.Network.Containers) == 0 {
		return err
	}
	for container := range found.Network.Containers {
		d.api.NetworkDisconnect(ctx, id, // what matters is whether it can be removed then
			client.NetworkDisconnectOptions{Container: container, Force: true})
	}
	_, err = d.api.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	return err
}
