package main

import (
	"os"
	"slices"

	"sunder/docker/node/program"
)

// actAsNode lets this executable be the program of a node's container, if it is static: the agent,
// its control, and the node. They are not for people, so help does not show them.
func actAsNode(args []string) (status int, asNode bool) {
	if len(args) < 2 || !slices.Contains([]string{"agent", "ctl", "node"}, args[1]) {
		return 0, false
	}
	return program.Main(args[1:], os.Stdin, os.Stdout, os.Stderr), true
}
