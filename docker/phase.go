package docker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Phase is a step of a cluster's start, with how long it took.
type Phase struct {
	Name string
	Took time.Duration
}

type phase struct {
	name string
	do   func(context.Context) error
}

type phases []Phase

// run does one step after the other and stops at the first that fails.
func (p *phases) run(ctx context.Context, steps []phase) error {
	for _, s := range steps {
		began := time.Now()
		err := s.do(ctx)
		if ended := context.Cause(ctx); ended != nil && !errors.Is(err, ended) {
			err = errors.Join(fmt.Errorf("%s: %w", s.name, ended), err)
		}
		if err != nil {
			return err
		}
		*p = append(*p, Phase{s.name, time.Since(began)})
	}
	return nil
}

// Phases are the steps that Start took, in their order.
func (c *Cluster) Phases() []Phase { return c.phases }
