// Package program is what a node's container runs, by its first argument: the agent (PID 1, which
// starts the node), its control, or the node itself. The sunder command has the same three, so
// that its own executable can be the image.
package program

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"sunder/nemesis/agent"
)

// Exit statuses, beside 0 and the 2 of a panic.
const (
	exitStopped = 3   // the node stopped deliberately
	exitUsage   = 254 // nothing was started
	exitFailed  = 255
)

const usage = `usage: sunder agent [flags] -- PROGRAM [ARGUMENT ...]
           start PROGRAM and do faults to it
       sunder ctl [flags]
           reach the agent over standard input and output
       sunder node [flags]
           run one node of a cluster
Each has --help.
`

// errUsage marks mistakes in the arguments.
var errUsage = errors.New("--help lists what there is")

// Main runs the program and returns its exit status: 254 for a mistake in args, with one line on
// stderr; 255 for trouble with the machine; 3 for a node that stopped deliberately.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	var err error
	switch args[0] {
	case "agent":
		err = runAgent(args[1:], stderr)
	case "ctl":
		err = runControl(args[1:], stdin, stdout, stderr)
	case "node":
		err = runNode(args[1:], stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
	default:
		err = fmt.Errorf("%.40q is none of agent, ctl, node: %w", args[0], errUsage)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "sunder:", err)
		return exitUsage
	case errors.Is(err, errStopped):
		return exitStopped // the node's log says why
	}
	fmt.Fprintln(stderr, "sunder:", err)
	return exitFailed
}

func runControl(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := newFlags("ctl", stderr)
	socket := flags.String("socket", agent.Socket, "the agent's control `socket`")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	return agent.Control(*socket, stdin, stdout)
}

// newFlags leaves the message about a mistake to Main, so that it is one line.
func newFlags(name string, stderr io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {
		f.SetOutput(stderr)
		fmt.Fprintf(stderr, "flags of sunder %s:\n", f.Name())
		f.PrintDefaults()
	}
	return f
}

// parse reads args, of which at most rest may stand after the flags; -1 is any number.
func parse(f *flag.FlagSet, args []string, rest int) error {
	usage := f.Usage
	f.Usage = func() {}
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage()
		return err
	case err != nil:
		return misuse(f, err)
	case rest >= 0 && f.NArg() > rest:
		return misuse(f, fmt.Errorf("stray argument %.40q", f.Arg(rest)))
	}
	return nil
}

// misuse is a mistake in the arguments of a subcommand.
func misuse(f *flag.FlagSet, err error) error {
	return fmt.Errorf("%s: %w: %w", f.Name(), err, errUsage)
}
