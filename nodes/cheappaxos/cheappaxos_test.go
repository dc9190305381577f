package cheappaxos

import (
	"testing"

	"sunder/nodes/nodestest"
)

func TestContract(t *testing.T) { nodestest.Run(t, Protocol()) }
