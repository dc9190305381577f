package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sunder/docker"
	"sunder/docker/environment"
	"sunder/docker/node/program"
	"sunder/harness/plan"
	"sunder/harness/report/store"
	"sunder/nemesis/agent"
	"sunder/nodes"
)

// environment starts the environment that the plan is for.
func (s *session) environment(ctx context.Context) (stage, error) {
	if s.plan.Environment == "docker" {
		return s.containers(ctx)
	}
	return s.simulation()
}

func save(r *store.Run, node, name string, text []byte) error {
	f, err := r.Node(node, name)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// contained is a cluster in containers, with where its remains are put.
type contained struct {
	*environment.Environment
	cluster *docker.Cluster
	ids     []nodes.ID
}

func (s *session) containers(ctx context.Context) (stage, error) {
	options := s.parts.protocol.Pick(s.plan.Options)
	system := program.System(s.parts.protocol, options, s.plan.Bug)
	c, err := docker.Start(ctx, docker.Config{Nodes: s.plan.Nodes, Deploy: system.Deploy, Log: s.log,
		Own: true, Ready: func(ctx context.Context, address string) error {
			e, err := system.Open(ctx, address)
			if err != nil {
				return err
			}
			return e.Close()
		}})
	if err != nil {
		return nil, broken(err)
	}
	if err := able(s.plan, c.Support()); err != nil {
		return nil, errors.Join(broken(err), c.Close(context.WithoutCancel(ctx)))
	}
	for _, p := range c.Phases() {
		s.log.Info("cluster", "phase", p.Name, "took", p.Took)
	}
	e := environment.New(ctx, abortOf(ctx), c, environment.Options{Plan: s.plan,
		Client: s.test.Client, Assumption: system.Clock(), Log: s.log})
	return &contained{e, c, s.test.Options.Nodes}, nil
}

// able says which kind of fault of the plan does not work here, and why.
func able(p plan.Plan, can agent.Support) error {
	for _, f := range p.Faults {
		ability := agent.Ability{Works: true}
		switch f.Kind {
		case "clock":
			ability = can.Clock
		case "partition":
			ability = can.Network
		}
		if !ability.Works {
			return fmt.Errorf("%s faults do not work here: %s; leave them out of --nemesis", f.Kind,
				ability.Why)
		}
	}
	return nil
}

// Collect copies logs and data out of the containers, and puts observations into times of the
// history.
func (e *contained) Collect(ctx context.Context, r *store.Run) (remains, error) {
	dir := filepath.Join(r.Dir, "nodes")
	errs := []error{e.cluster.Collect(ctx, dir)}
	for _, id := range e.ids {
		raw := filepath.Join(dir, id.String(), "data", observationsFile)
		errs = append(errs, e.shift(r, id, raw))
	}
	out, err := readRemains(r.Dir, e.ids)
	return out, errors.Join(append(errs, err)...)
}

func (e *contained) shift(r *store.Run, id nodes.ID, raw string) error {
	text, err := os.ReadFile(raw)
	if err != nil {
		return fmt.Errorf("observations of %s: %w", id, err)
	}
	observed, err := nodes.ParseObserved(text)
	if err != nil {
		return fmt.Errorf("observations of %s: %w", id, err)
	}
	var lines []byte
	for _, o := range observed {
		o.Time = e.Since(o.Time)
		lines = append(o.AppendJSON(lines), '\n')
	}
	if err := save(r, id.String(), observationsFile, lines); err != nil {
		return err
	}
	return os.Remove(raw)
}
