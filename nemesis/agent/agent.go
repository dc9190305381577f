//go:build linux && (amd64 || arm64)

package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"sunder/nemesis"
	"sunder/nemesis/agent/process"
)

// Config is the node's process and how the agent is reached.
type Config struct {
	Command        []string // the program and its arguments
	Env            []string // nil: the agent's own
	Dir            string   // "": the agent's own
	Stdout, Stderr *os.File // nil: the agent's own
	UID, GID       int      // 0: the agent's own; either way without any capability

	Socket string        // "": Socket
	Hold   bool          // start the process with the first Apply, in its state, not before
	Grace  time.Duration // from SIGTERM to SIGKILL at the end; 0: 3 s
	Log    hclog.Logger  // nil: none
}

func (c Config) withDefaults() Config {
	if c.Env == nil {
		c.Env = os.Environ()
	}
	if c.Stdout == nil {
		c.Stdout = os.Stdout
	}
	if c.Stderr == nil {
		c.Stderr = os.Stderr
	}
	if c.Socket == "" {
		c.Socket = Socket
	}
	if c.Grace == 0 {
		c.Grace = 3 * time.Second
	}
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	return c
}

// Run is the agent: it starts the node's process, serves its socket and, as PID 1, reaps, until
// ctx ends or it gets SIGTERM or SIGINT. Then the process gets SIGTERM, and SIGKILL if it is
// still there after the grace. A process that ends by itself stays down and the agent lives on.
func Run(ctx context.Context, c Config) error {
	ctx, cancel := signal.NotifyContext(ctx, unix.SIGTERM, unix.SIGINT)
	defer cancel()
	c = c.withDefaults()
	l, err := listen(c.Socket)
	if err != nil {
		return fmt.Errorf("run agent: %w", err)
	}
	var all sync.WaitGroup
	defer all.Wait()
	reaping, reaped := context.WithCancel(context.Background())
	defer reaped()
	r := process.NewReaper()
	all.Go(func() { r.Run(reaping) })

	n := newNode(c, r)
	if !c.Hold {
		err = n.start(nemesis.State{})
	}
	if err == nil {
		err = serve(ctx, l, func(q request) reply { return n.handle(ctx, q) })
	} else {
		l.Close()
	}
	if err := errors.Join(err, n.end()); err != nil {
		return fmt.Errorf("run agent: %w", err)
	}
	return nil
}
