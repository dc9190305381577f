package nemesis

import (
	"math"
	"math/rand/v2"
	"time"

	"sunder/harness/plan"
)

// reactiveStream keeps the choice of triggered faults apart from that of timed ones.
const reactiveStream = 2

// Reactive makes faults that start at what happens: right after a message was sent, before a sync
// is done, as soon as somebody leads. What is killed is back soon, often before anybody noticed.
// messages are the protocol's words for its kinds of message. A seed has one or a few motifs, each
// repeated: a bug that needs the same thing three times in a row is not found by a mix.
func (o Options) Reactive(messages []string) []plan.Fault {
	r := newReactor(o, reactiveStream, messages)
	var out []plan.Fault
	for range 1 + r.rng.IntN(3) {
		out = append(out, r.motif()...)
	}
	return out
}

type reactor struct {
	rng      *rand.Rand
	o        Options
	messages []string
}

func newReactor(o Options, stream uint64, messages []string) reactor {
	return reactor{rand.New(rand.NewPCG(o.Seed, stream)), o, messages}
}

// motif is one fault that the same kind of event sets off again and again.
func (r reactor) motif() (out []plan.Fault) {
	on := r.trigger()
	f := plan.Fault{Kind: []string{kill, kill, power, power, partition, pause}[r.rng.IntN(6)],
		Target: r.target(on)}
	if r.o.Container {
		f.Kind = []string{kill, partition, pause}[r.rng.IntN(3)]
	}
	if f.Kind == partition {
		f.Shape = "one"
		if on.Event == "elected" || r.rng.IntN(3) == 0 {
			f.Target = "self"
		}
		if f.Target == "others" || f.Target == "majority" {
			f.Target = "self"
		}
	}
	every := 1 + r.rng.IntN(1<<r.rng.IntN(6))
	for i := range 1 + r.rng.IntN(6) {
		f.At = plan.Of(between(r.rng, 0, r.o.TimeLimit/4).Round(time.Millisecond))
		f.Pick = r.rng.Uint64()
		f.Duration = plan.Of(r.duration(f.Kind))
		t := on
		t.Nth = 1 + i*every
		f.On = &t
		out = append(out, f)
	}
	return out
}

func (r reactor) trigger() plan.Trigger {
	t := plan.Trigger{Optional: true}
	t.Event = []string{"sent", "sent", "delivered", "delivered", "synced", "elected", "elected",
		"committed"}[r.rng.IntN(8)]
	if t.Event == "sent" || t.Event == "delivered" {
		for t.Kind == "" { // a protocol may leave numbers unused
			t.Kind = r.messages[r.rng.IntN(len(r.messages))]
		}
	}
	switch r.rng.IntN(4) {
	case 0, 1:
	case 2:
		t.Delay = plan.Of(brief(r.rng, 10*time.Microsecond, 5*time.Millisecond))
	case 3:
		t.Delay = plan.Of(brief(r.rng, time.Millisecond, 100*time.Millisecond))
	}
	return t
}

func (r reactor) target(on plan.Trigger) string {
	list := []string{"self", "self", "self", "others", "leader", "majority", "all"}
	if on.Event == "sent" || on.Event == "delivered" {
		list = append(list, "sender", "receiver", "sender", "receiver")
	}
	return list[r.rng.IntN(len(list))]
}

// duration is short for what loses a process: it shall be back before its peers give it up.
func (r reactor) duration(kind string) time.Duration {
	low, high := 100*time.Millisecond, 800*time.Millisecond
	if kind != partition && r.rng.IntN(3) > 0 {
		low, high = time.Millisecond, 20*time.Millisecond
	}
	return min(brief(r.rng, low, high), r.o.TimeLimit/3)
}

// brief is logarithmic for times of any shortness: they have two figures.
func brief(rng *rand.Rand, low, high time.Duration) time.Duration {
	d := time.Duration(float64(low) * math.Pow(float64(high)/float64(low), rng.Float64()))
	unit := time.Microsecond
	for d/unit >= 100 {
		unit *= 10
	}
	return d.Round(unit)
}
