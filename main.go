// Command sunder tests consensus systems: it drives a cluster with concurrent clients, injects
// faults, and judges whether what the clients saw is linearizable.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses, the same as Jepsen's, so that a CI job can be moved over.
const (
	exitValid   = 0
	exitInvalid = 1
	exitUnknown = 2
	exitUsage   = 254
	exitHarness = 255
)

// exit is an error that decides the exit status. Without words nothing more is to be said.
type exit struct {
	status int
	err    error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// usage is an error of the user's: one line, nothing was started.
func usage(format string, args ...any) error { return exit{exitUsage, fmt.Errorf(format, args...)} }

// broken is an error of the harness or its surroundings.
func broken(err error) error { return exit{exitHarness, err} }

func main() {
	if status, asNode := actAsNode(os.Args); asNode {
		os.Exit(status)
	}
	ctx, stop := interrupts()
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// interrupts makes a context that the first interrupt ends. By a second one the user insists, and
// the context kept under abortKey ends too.
func interrupts() (context.Context, func()) {
	abort, cancelAbort := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(context.WithValue(abort, abortKey{}, abort))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 1; ; n++ {
			select {
			case <-signals:
				if cancel(); n == 2 {
					cancelAbort()
				}
			case <-abort.Done():
				return
			}
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(); cancelAbort() }
}

type abortKey struct{}

// abortOf is the context that ends at the second interrupt.
func abortOf(ctx context.Context) context.Context {
	if abort, ok := ctx.Value(abortKey{}).(context.Context); ok {
		return abort
	}
	return context.WithoutCancel(ctx)
}

// run is the whole command. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "sunder",
		Short: "Tests consensus systems by breaking them",
		Long: "Sunder drives a cluster with concurrent clients, injects faults, and judges\n" +
			"whether what the clients saw is linearizable.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(testCommand(stdout, stderr), analyzeCommand(stdout, stderr), listCommand(stdout),
		doctorCommand(stdout, stderr), replayCommand(stdout, stderr),
		shrinkCommand(stdout, stderr))
	err := root.ExecuteContext(ctx)
	var e exit
	switch {
	case err == nil:
		return exitValid
	case !errors.As(err, &e): // cobra's own: an unknown command or flag
		e = exit{exitUsage, err}
	}
	if e.err != nil {
		fmt.Fprintf(stderr, "sunder: %v\n", e.err)
	}
	return e.status
}
