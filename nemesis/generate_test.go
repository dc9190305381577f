package nemesis

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"sunder/harness/plan"
	"sunder/nodes"
)

var tenPercent = nodes.ClockAssumption{Bounded: true, Drift: 0.1}

func TestGeneratedFaultsRespectTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Seed:  rapid.Uint64().Draw(t, "seed"),
			Nodes: rapid.IntRange(2, 64).Draw(t, "nodes"),
			Kinds: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{partition, clock, kill, pause}), 1, 4,
				rapid.ID[string]).Draw(t, "kinds"),
			TimeLimit: time.Duration(rapid.Int64Range(1e9, 200e9).Draw(t, "limit")),
			Container: rapid.Bool().Draw(t, "container"),
			Assumption: rapid.SampledFrom([]nodes.ClockAssumption{
				{}, tenPercent, {Bounded: true}}).Draw(t, "clocks"),
			ClockRates: rapid.SampledFrom([][2]float64{
				{}, {0.5, 1.5}, {1, 1}, {0.7, 1}}).Draw(t, "rates"),
		}
		faults, err := Generate(o)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Generate(o)
		slices.Reverse(o.Kinds)
		reversed, _ := Generate(o)
		if !reflect.DeepEqual(faults, again) || !reflect.DeepEqual(faults, reversed) {
			t.Fatal("the same options made other faults")
		}
		check(t, o, faults)
	})
}

func check(t *rapid.T, o Options, faults []plan.Fault) {
	p := plan.Plan{Version: plan.Version, Nodes: o.Nodes, Concurrency: 1,
		TimeLimit: plan.Of(o.TimeLimit), Faults: faults}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	l := Ledger{Nodes: nodeNames(o.Nodes), Assumption: o.Assumption}
	scale := min(1, o.TimeLimit.Seconds()/20)
	first := time.Duration(1.99 * scale * float64(time.Second))
	last := o.TimeLimit - time.Duration(scale*float64(time.Second))
	seen := make(map[string]bool)
	for i, f := range faults {
		if err := l.Check(f); err != nil {
			t.Fatalf("fault %d: %v", i, err)
		}
		end := f.At.Duration + f.Duration.Duration
		if f.At.Duration < first || end > last {
			t.Fatalf("fault %d from %v to %v, want %v to %v", i, f.At, end, first, last)
		}
		if i > 0 && f.At.Duration < faults[i-1].At.Duration {
			t.Fatalf("fault %d starts before the one before it", i)
		}
		if f.Variant == "container" && !o.Container {
			t.Fatalf("fault %d kills a container", i)
		}
		seen[f.Kind] = true
		if f.Kind == clock {
			checkRates(t, o, *f.Clock)
			if r := f.Clock.Rate; o.ClockRates == [2]float64{} && l.outside(f) != "" {
				t.Fatalf("fault %d is outside the assumption: rate %v, step %v", i, r, f.Clock.Step)
			}
		}
	}
	for _, k := range o.Kinds {
		if !seen[k] {
			t.Fatalf("no %s among %d faults", k, len(faults))
		}
	}
	if len(seen) != len(o.Kinds) {
		t.Fatalf("kinds %v, asked for %v", seen, o.Kinds)
	}
	if quiet := quietShare(o.TimeLimit, faults); quiet < 0.25 {
		t.Fatalf("only %.2f of the time is without faults", quiet)
	}
}

func checkRates(t *rapid.T, o Options, c plan.Clock) {
	rates := o.rates(c.Which)
	for _, r := range []float64{c.Rate, c.Others} {
		if r != 0 && (r < rates[0] || r > rates[1]) {
			t.Fatalf("rate %v of a %s clock, want %v", r, c.Which, rates)
		}
	}
	if c.Rate == 1 && c.Others == 0 {
		t.Fatal("a clock fault that changes nothing")
	}
}

// quietShare is the part of a run in which no fault is active.
func quietShare(limit time.Duration, faults []plan.Fault) float64 {
	var busy, until time.Duration
	for _, f := range faults {
		from, to := max(f.At.Duration, until), f.At.Duration+f.Duration.Duration
		busy += max(0, to-from)
		until = max(until, to)
	}
	return 1 - float64(busy)/float64(limit)
}

// The numbers that the plans of users live by: enough faults, not too many, and each seed its own.
func TestMinuteOfFaults(t *testing.T) {
	kinds := []string{partition, clock, kill, pause}
	shapesSeen, targetsSeen := make(map[string]int), make(map[string]int)
	overlaps, total := 0, 0
	for seed := range uint64(200) {
		faults, err := Generate(Options{Seed: seed, Nodes: 5, Kinds: kinds, TimeLimit: time.Minute,
			Assumption: tenPercent, Container: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(faults) < 9 || len(faults) > 40 {
			t.Errorf("seed %d: %d faults in a minute", seed, len(faults))
		}
		total += len(faults)
		for i, f := range faults {
			if d := f.Duration.Duration; d < 200*time.Millisecond || d > 5*time.Second {
				t.Errorf("seed %d: fault %d lasts %v", seed, i, d)
			}
			shapesSeen[f.Shape]++
			targetsSeen[f.Kind+" "+f.Target]++
			if i > 0 && f.At.Duration < faults[i-1].At.Duration+faults[i-1].Duration.Duration {
				overlaps++
			}
		}
	}
	t.Logf("%.1f faults a minute, %d of %d overlap; %v; %v", float64(total)/200, overlaps, total,
		shapesSeen, targetsSeen)
	if overlaps < total/20 || overlaps > total/2 {
		t.Errorf("%d of %d faults overlap", overlaps, total)
	}
	if len(shapesSeen) != len(shapes)+1 || len(targetsSeen) != 3*len(targets)+1 {
		t.Errorf("not everything occurs: %v, %v", shapesSeen, targetsSeen)
	}
}

// windows counts what the lease window needs: the leader slow and all others fast before it is
// cut off alone, for at least a second, and until it is connected again.
func windows(faults []plan.Fault, low, high float64) (n int) {
	for _, c := range faults {
		if c.Kind != clock || c.Target != "leader" || c.Clock.Rate != low || c.Clock.Others != high {
			continue
		}
		for _, f := range faults {
			wait := f.At.Duration - c.At.Duration
			end := c.At.Duration + c.Duration.Duration
			if f.Shape == "leader-isolated" && wait >= 200*time.Millisecond && wait <= time.Second &&
				f.Duration.Duration >= time.Second && f.At.Duration+f.Duration.Duration < end {
				n++
				break
			}
		}
	}
	return n
}

func TestLeaseWindowsAreWide(t *testing.T) {
	for seed := range uint64(200) {
		for _, kinds := range [][]string{{partition, clock}, {partition, clock, kill, pause}} {
			o := Options{Seed: seed, Nodes: 5, Kinds: kinds, TimeLimit: time.Minute,
				Assumption: tenPercent, ClockRates: [2]float64{0.5, 1.5}}
			faults, err := Generate(o)
			if err != nil {
				t.Fatal(err)
			}
			if n := windows(faults, 0.5, 1.5); n < 10 {
				t.Errorf("seed %d, %v: %d lease windows in a minute, want at least 10", seed, kinds, n)
			}
			o.ClockRates = [2]float64{}
			if faults, _ = Generate(o); windows(faults, 0.5, 1.5) > 0 {
				t.Errorf("seed %d, %v: a lease window nobody asked for", seed, kinds)
			}
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Options{Nodes: 3, Kinds: []string{clock}, TimeLimit: 20 * time.Second}
	for _, c := range []struct {
		name string
		bad  func(*Options)
		err  string
	}{
		{"good", func(*Options) {}, ""},
		{"nothing to do", func(o *Options) { o.Kinds, o.TimeLimit = nil, 0 }, ""},
		{"unknown kind", func(o *Options) { o.Kinds = []string{"fire"} },
			`"fire" is none of partition, clock, kill, pause`},
		{"no nodes", func(o *Options) { o.Nodes = 0 }, "0 nodes, want 1 to 64"},
		{"too many", func(o *Options) { o.Nodes = 65 }, "65 nodes"},
		{"lonely", func(o *Options) { o.Nodes, o.Kinds = 1, []string{partition} }, "needs 2 nodes"},
		{"lonely clock", func(o *Options) { o.Nodes = 1 }, ""},
		{"short", func(o *Options) { o.TimeLimit = time.Millisecond }, "at least 1s"},
		{"rates reversed", func(o *Options) { o.ClockRates = [2]float64{1.5, 0.5} },
			"clock rates 1.5,0.5"},
		{"no rate", func(o *Options) { o.ClockRates = [2]float64{0, 0.5} }, "clock rates 0,0.5"},
		{"too fast", func(o *Options) { o.ClockRates = [2]float64{1, 1e9} }, "clock rates"},
	} {
		o := good
		c.bad(&o)
		faults, err := Generate(o)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: err %v does not say %q", c.name, err, c.err)
		}
		if err == nil && len(o.Kinds) > 0 && len(faults) == 0 {
			t.Errorf("%s: no faults", c.name)
		}
	}
}

// A plan must stay what it was for the same seed, or stored seeds lose their meaning.
func TestPlansOfOldSeeds(t *testing.T) {
	datadriven.RunTest(t, "testdata/generate.txt", func(t *testing.T, d *datadriven.TestData) string {
		o := Options{Nodes: 5, TimeLimit: 20 * time.Second, Assumption: tenPercent}
		d.ScanArgs(t, "seed", &o.Seed)
		for _, a := range d.CmdArgs {
			switch a.Key {
			case "kinds":
				o.Kinds = a.Vals
			case "rates":
				o.ClockRates = [2]float64{0.5, 1.5}
			case "container":
				o.Container = true
			}
		}
		faults, err := Generate(o)
		if err != nil {
			return err.Error() + "\n"
		}
		var out strings.Builder
		for _, f := range faults {
			what := f.Shape + f.Variant
			if f.Clock != nil {
				what = describe(*f.Clock)
			}
			fmt.Fprintf(&out, "%7v for %-6v %-9s %-8s %s\n", f.At, f.Duration, f.Kind, f.Target, what)
		}
		return out.String()
	})
}

// Each fault is seen somewhere, whoever leads: no other one that is active masks it entirely.
func TestNoFaultIsMaskedEntirely(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 9).Draw(t, "nodes")
		faults, err := Generate(Options{Seed: rapid.Uint64().Draw(t, "seed"), Nodes: n,
			Kinds: []string{partition, clock, kill, pause}, TimeLimit: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		l := Ledger{Nodes: nodeNames(n)}
		for i, f := range faults {
			for _, j := range l.Active() {
				if faults[j].At.Duration+faults[j].Duration.Duration <= f.At.Duration {
					l.End(j, f.At.Duration)
				}
			}
			v := View{Now: f.At.Duration,
				Leader: rapid.SampledFrom(append(nodeNames(n), "")).Draw(t, "leader")}
			now := l.Desired()
			r, err := l.Start(i, f, v)
			if err != nil {
				t.Fatal(err)
			}
			s := resolver{l.Nodes, f, v, now}
			if f.Kind == partition && !s.seen(r.Grudge) || f.Kind != partition &&
				!slices.ContainsFunc(r.Targets, func(n string) bool { return s.hidden(n) == 0 }) {
				t.Fatalf("%v has no effect beside %v, nodes %v", r, l.Active(), now)
			}
		}
	})
}
