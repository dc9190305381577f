package multipaxos

import (
	"fmt"
	"testing"
	"time"

	"sunder/nodes/nodestest"
)

func TestDbg(t *testing.T) {
	setup := nodestest.Setup{Nodes: 4, Seed: 19,
		Options: map[string]string{"reads": "quorum", "snapshot": "off", "window": "8"},
		Loss: 0.05, Twice: 0.05}
	c := nodestest.NewCluster(Protocol(), setup)
	c.Blow(nodestest.AllFaults(), 3*time.Second)
	for _, id := range c.IDs() { s, ok := c.Status(id); fmt.Println(s, ok) }
	for _, st := range c.Streams() { for _, o := range st[max(0,len(st)-8):] { fmt.Println(o.Time, o.Node, o.Fact, o.Term, o.Index, o.Peer) } }
	fmt.Println(c.Judge())
	for _, call := range c.Calls[max(0,len(c.Calls)-5):] { fmt.Printf("%+v\n", call) }
}
func (n *node) dbg() { fmt.Println(n.self, n.env.Now(), n.survey.high, n.survey.voters, n.survey.asking, n.survey.pending.Len(), n.commit, n.log.last(), n.next, n.fillTo, n.limit(), n.audience()) }
var dbgAll []*node
