package multipaxos

import (
	"testing"
	"time"
	"fmt"

	"sunder/nodes/nodestest"
	"sunder/nodes/kv"
)

func TestDbg(t *testing.T) {
	for _, how := range []nodestest.Crash{nodestest.Kill, nodestest.Power} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: uint64(how)})
		do := func(cmd kv.Command) {
			var call *nodestest.Call
			for i:=0;i<5000;i++ {
				if call == nil || call.Result.Status == kv.Definite {
					l := c.Leader()
					if l == 0 { l = 1 }
					call = c.Do(l, cmd)
				}
				c.Run(time.Millisecond)
				if call.Result.Status == kv.OK { return }
			}
			for _, id := range c.IDs() { s, ok := c.Status(id); fmt.Println(s, ok) }
			fmt.Printf("%+v %d\n", call, c.Now())
			t.Fatal("stuck")
		}
		for i := range 4 {
			do(kv.Command{Op: kv.Write, Key: "x", Arg: int64(i + 1)})
			v := c.Leader()
			if v == 0 { v = 1 }
			c.Crash(v, how)
			do(kv.Command{Op: kv.Read, Key: "x"})
			c.Start(v)
		}
	}
}
