package reporttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
)

// faults are one of each kind and more, some at the same time.
func faults() []fault {
	s := time.Second
	ask := func(kind, shape, target string, at, d time.Duration) plan.Fault {
		return plan.Fault{Kind: kind, Shape: shape, Target: target, At: plan.Of(at), Duration: plan.Of(d)}
	}
	clock := ask("clock", "", "leader", 12*s, 6*s)
	clock.Clock = &plan.Clock{Which: "both", Rate: 0.5, Others: 1.5}
	step := ask("clock", "", "one", 44*s, 4*s)
	step.Clock = &plan.Clock{Which: "realtime", Step: plan.Of(-90 * s)}
	container := ask("kill", "", "one", 46*s, 3*s)
	container.Variant = "container"
	return []fault{
		{ask: ask("partition", "leader-isolated", "", 6*s, 5*s), targets: []string{"n1"},
			grudge: cut([]string{"n1"}, []string{"n2", "n3", "n4", "n5"}), effect: "proven",
			evidence: []string{"412 packets dropped on n1", "1,207 on the others"}},
		{ask: clock, targets: []string{"n2"}, effect: "proven", outside: "clock",
			evidence: []string{"n2 runs at 0.500", "the others at 1.500"}},
		{ask: ask("kill", "", "minority", 20*s, 3*s), targets: []string{"n2", "n4"}, effect: "proven",
			evidence: []string{"n2 pid 31 → 58", "n4 pid 30 → 57"}},
		{ask: ask("partition", "one", "", 21*s, 1500*time.Millisecond), targets: []string{"n4"},
			grudge: cut([]string{"n4"}, []string{"n1", "n2", "n3", "n5"}), effect: "masked",
			masks: map[string]map[string][]int{"kill": {"n4": {2}}}},
		{ask: ask("pause", "", "leader", 28*s, 2*s), targets: []string{"n3"}, effect: "proven",
			evidence: []string{"n3 in state T for 2.003 s"}},
		{ask: ask("partition", "bridge", "", 34*s, 6*s), targets: []string{"n1", "n2"},
			grudge: cut([]string{"n1", "n2"}, []string{"n4", "n5"}), effect: "proven",
			evidence: []string{"2,218 packets dropped"}},
		{ask: step, targets: []string{"n5"}, effect: "proven",
			evidence: []string{"n5 was 89.998 s behind"}},
		{ask: container, targets: []string{"n1"}, effect: "proven",
			evidence: []string{"container started 04:00:49.512"}},
		{ask: ask("pause", "", "all", 53*s, 800*time.Millisecond),
			targets: []string{"n1", "n2", "n3", "n4", "n5"}, effect: "proven",
			evidence: []string{"all in state T"}},
	}
}

// cut is the grudge in which neither side hears the other.
func cut(a, b []string) nemesis.Grudge {
	g := make(nemesis.Grudge)
	for _, n := range a {
		g[n] = b
	}
	for _, n := range b {
		g[n] = a
	}
	return g
}

// observe fabricates who believed to lead when, and lets n1 believe it while it is cut off.
func (f *fabricator) observe() []nodes.Observed {
	var out []nodes.Observed
	seq := make(map[nodes.ID]uint64)
	boot := make(map[nodes.ID]uint64)
	say := func(at time.Duration, n nodes.ID, fact nodes.Fact, term uint64) {
		seq[n]++
		out = append(out, nodes.Observed{Node: n, Boot: boot[n], Seq: seq[n], Time: at,
			Observation: nodes.Observation{Fact: fact, Term: term}})
	}
	ms := time.Millisecond
	elect := func(at time.Duration, leader nodes.ID, term uint64, deaf ...nodes.ID) {
		say(at-40*ms, leader, nodes.BecameCandidate, term)
		say(at, leader, nodes.BecameLeader, term)
		for n := nodes.ID(1); n <= nodeCount; n++ {
			if n != leader && !strings.Contains(fmt.Sprint(deaf), n.String()) {
				say(at+2*ms, n, nodes.BecameFollower, term)
			}
		}
	}
	elect(150*ms, 1, 1)
	elect(6900*ms, 2, 2, 1)
	say(11100*ms, 1, nodes.BecameFollower, 2)
	boot[2], boot[4] = 1, 1
	elect(21200*ms, 3, 3, 2, 4)
	say(23100*ms, 2, nodes.BecameFollower, 3)
	say(23150*ms, 4, nodes.BecameFollower, 3)
	elect(29100*ms, 5, 4, 3)
	say(30050*ms, 3, nodes.BecameFollower, 4)
	for i := range 6 {
		say(time.Duration(35000+400*i)*ms, 1, nodes.BecameCandidate, uint64(5+i))
	}
	elect(40400*ms, 3, 12)
	boot[1] = 1
	say(49100*ms, 1, nodes.BecameFollower, 12)
	elect(54300*ms, 4, 13)
	return f.commits(out)
}

// commits adds what a living node says all the time.
func (f *fabricator) commits(said []nodes.Observed) []nodes.Observed {
	var out []nodes.Observed
	for n := nodes.ID(1); n <= nodeCount; n++ {
		var boot, index uint64
		var at time.Duration
		alive := func() bool {
			return !slices.ContainsFunc(f.faults, func(x fault) bool {
				return x.ask.Kind == "kill" && x.holds(n.String(), at)
			})
		}
		until := func(end time.Duration) {
			for ; at < end; at += 250 * time.Millisecond {
				if index += 40; alive() {
					out = append(out, nodes.Observed{Node: n, Boot: boot, Time: at,
						Observation: nodes.Observation{Fact: nodes.Committed, Index: index}})
				}
			}
		}
		for _, o := range said {
			if o.Node == n {
				until(o.Time)
				boot = o.Boot
				out = append(out, o)
			}
		}
		until(length)
	}
	return out
}

func logTail(id string) string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "2026-11-23T04:00:%02d.%03dZ [INFO]  raft: append: node=%s term=13 index=%d\n",
			30+i, i*31, id, 9000+i*17)
	}
	b.WriteString("2026-11-23T04:01:00.000Z [INFO]  client said: " + hostile + "\n")
	return b.String()
}

// picture stands for the page that porcupine draws: a script of its own, and data.
const picture = `<!doctype html><html><body><div id="canvas"></div><script>
document.getElementById("canvas").textContent = "the picture's own script ran";
</script></body></html>`
