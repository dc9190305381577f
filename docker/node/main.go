// Command node is the one program in a node's container: the agent, its control and the node.
package main

import (
	"os"

	"sunder/docker/node/program"
)

func main() { os.Exit(program.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
