package multipaxos

import (
	"testing"

	"sunder/nodes/nodestest"
)

func TestContract(t *testing.T) { nodestest.Run(t, Protocol()) }

func TestInteractions(t *testing.T) { nodestest.RunScripts(t, "testdata", Protocol()) }
