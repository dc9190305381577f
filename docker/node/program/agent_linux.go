//go:build linux && (amd64 || arm64)

package program

import (
	"context"
	"errors"
	"io"

	"sunder/nemesis/agent"
)

func runAgent(args []string, stderr io.Writer) error {
	var c agent.Config
	flags := newFlags("agent", stderr)
	flags.StringVar(&c.Socket, "socket", agent.Socket, "where to listen for control, a `path`")
	flags.BoolVar(&c.Hold, "hold", false,
		"start the program when the harness first says what state it shall be in")
	flags.IntVar(&c.UID, "uid", 0, "run the program as this `user`; 0 is the agent's own")
	flags.IntVar(&c.GID, "gid", 0, "run the program as this `group`; 0 is the agent's own")
	flags.StringVar(&c.Dir, "dir", "", "run the program in this `directory`")
	level := flags.String("log-level", "info", "least `level` that is logged")
	if err := parse(flags, args, -1); err != nil {
		return err
	}
	if c.Command = flags.Args(); len(c.Command) == 0 {
		return misuse(flags, errors.New("no program to run"))
	}
	var err error
	if c.Log, err = logger("agent", *level, stderr); err != nil {
		return misuse(flags, err)
	}
	if err := agent.Run(context.Background(), c); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
