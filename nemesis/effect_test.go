package nemesis

import (
	"strings"
	"testing"
	"time"

	"sunder/harness/plan"
)

// at is what a healthy node shows after so much true time.
func at(d time.Duration, pid int) Evidence {
	return Evidence{State: running, PID: pid, Born: uint64(pid) * 100, Clocks: true, Skew: new(Clock),
		Realtime: 1e6*time.Hour + d, Monotonic: time.Hour + d, Raw: time.Minute + d,
		Dropped: map[string]uint64{}}
}

// proofOf is the evidence of healthy nodes around a fault of two seconds.
func proofOf(nodes ...string) Proof {
	p := Proof{StartTook: 5 * time.Millisecond, EndTook: 7 * time.Millisecond}
	for i, seen := range []*map[string]Evidence{&p.Before, &p.Started, &p.Ending, &p.Ended} {
		*seen = make(map[string]Evidence)
		for j, n := range nodes {
			offset := []time.Duration{0, time.Millisecond, 2 * time.Second, 2001 * time.Millisecond}[i]
			(*seen)[n] = at(offset, 41+j)
		}
	}
	return p
}

// edit changes what node n showed at some of the four instants.
func (p Proof) edit(n string, change func(*Evidence), instants ...map[string]Evidence) Proof {
	for _, seen := range instants {
		e := seen[n]
		change(&e)
		seen[n] = e
	}
	return p
}

func (p Proof) died(n string, instants ...map[string]Evidence) Proof {
	return p.edit(n, func(e *Evidence) { *e = Evidence{State: dead} }, instants...)
}

func (p Proof) stopped(n string, instants ...map[string]Evidence) Proof {
	return p.edit(n, func(e *Evidence) { e.State = stopped }, instants...)
}

func (p Proof) reborn(n string, instants ...map[string]Evidence) Proof {
	return p.edit(n, func(e *Evidence) { *e = at(2*time.Second, 57) }, instants...)
}

func (p Proof) dropped(receiver, sender string, packets uint64) Proof {
	return p.edit(receiver, func(e *Evidence) { e.Dropped[sender] = packets }, p.Ending, p.Ended)
}

// mono makes the monotonic clock of n run at a rate while the fault was there.
func (p Proof) mono(n string, rate float64) Proof {
	return p.edit(n, func(e *Evidence) {
		e.Monotonic = p.Started[n].Monotonic + time.Duration(rate*float64(e.Raw-p.Started[n].Raw))
	}, p.Ending)
}

func (p Proof) jump(n string, by time.Duration) Proof {
	return p.edit(n, func(e *Evidence) { e.Realtime += by }, p.Started, p.Ending)
}

// blind takes away the clocks of n, and leaves a skew to read back.
func (p Proof) blind(n string, skew *Clock) Proof {
	return p.edit(n, func(e *Evidence) { e.Clocks, e.Skew = false, skew },
		p.Before, p.Started, p.Ending, p.Ended)
}

func held(kind, n string) map[string]map[string][]int {
	return map[string]map[string][]int{kind: {n: {4}}}
}

func TestJudge(t *testing.T) {
	killed := Record{Asked: plan.Fault{Kind: kill}, Targets: []string{"n1"}}
	paused := Record{Asked: plan.Fault{Kind: pause}, Targets: []string{"n1"}}
	skewed := func(c plan.Clock) Record {
		return Record{Asked: plan.Fault{Kind: clock, Clock: &c}, Targets: []string{"n1"}}
	}
	slow := skewed(plan.Clock{Which: monotonic, Rate: 0.5})
	slowest := skewed(plan.Clock{Which: monotonic, Rate: 0.5, Others: 1.5})
	bumped := skewed(plan.Clock{Which: realtime, Step: plan.Of(-3 * time.Second)})
	strobed := skewed(plan.Clock{Which: realtime,
		Strobe: plan.Of(time.Second), Period: plan.Of(time.Millisecond)})
	cut := Record{Asked: plan.Fault{Kind: partition, Shape: "one"}, Targets: []string{"n1"},
		Grudge: Grudge{"n1": {"n2", "n3"}, "n2": {"n1"}, "n3": {"n1"}}}
	bridged := Record{Asked: plan.Fault{Kind: partition, Shape: "bridge"}, Targets: []string{"n1"},
		Grudge: Grudge{"n2": {"n3"}, "n3": {"n2"}}}
	under := func(r Record, kind, n string) Record { r.Overlap = held(kind, n); return r }
	strobing := &Clock{Realtime: Skew{Strobe: Strobe{time.Second, time.Millisecond}}}

	for _, c := range []struct {
		name  string
		r     Record
		proof func(Proof) Proof
		want  Effect
		words string // of the evidence
	}{
		{"killed and started anew", killed, func(p Proof) Proof {
			return p.died("n1", p.Started, p.Ending).reborn("n1", p.Ended)
		}, Proven, "n1: pid 41 → 57, started anew"},
		{"killed, and its number came again", killed, func(p Proof) Proof {
			return p.edit("n1", func(e *Evidence) { e.Born++ }, p.Started, p.Ending, p.Ended)
		}, Proven, "n1: pid 41 → 41, started anew"},
		{"killed, and not back", killed, func(p Proof) Proof {
			return p.died("n1", p.Started, p.Ending, p.Ended)
		}, Proven, "has not started again"},
		{"killed, kept down by another", under(killed, kill, "n1"), func(p Proof) Proof {
			return p.died("n1", p.Started, p.Ending, p.Ended)
		}, Proven, "kept down by fault 4 (kill)"},
		{"not killed, but later by another", under(killed, kill, "n1"), func(p Proof) Proof {
			return p.died("n1", p.Ending).reborn("n1", p.Ended)
		}, None, "pid 41 was not killed"},
		{"killed by another before", under(killed, kill, "n1"), func(p Proof) Proof {
			return p.died("n1", p.Before, p.Started, p.Ending).reborn("n1", p.Ended)
		}, Masked, "n1: masked by fault 4 (kill)"},
		{"had died by itself", killed, func(p Proof) Proof {
			return p.died("n1", p.Before, p.Started, p.Ending).reborn("n1", p.Ended)
		}, Masked, "no fault had killed it"},
		{"not killed", killed, func(p Proof) Proof { return p }, None, "pid 41 was not killed"},
		{"killed, nothing read", killed, func(p Proof) Proof { return Proof{} }, None, "not read back"},

		{"paused", paused, func(p Proof) Proof { return p.stopped("n1", p.Started, p.Ending) },
			Proven, "n1: pid 41 in state T"},
		{"not paused", paused, func(p Proof) Proof { return p },
			None, "pid 41 was running before and running after"},
		{"not paused, but later by another", under(paused, pause, "n1"), func(p Proof) Proof {
			return p.stopped("n1", p.Ending)
		}, None, "pid 41 was running"},
		{"paused by another", under(paused, pause, "n1"), func(p Proof) Proof {
			return p.stopped("n1", p.Before, p.Started, p.Ending)
		}, Masked, "fault 4 (pause)"},
		{"killed instead", under(paused, kill, "n1"), func(p Proof) Proof {
			return p.died("n1", p.Before, p.Started, p.Ending)
		}, Masked, "fault 4 (kill)"},
		{"paused once it was back", under(paused, kill, "n1"), func(p Proof) Proof {
			return p.died("n1", p.Before, p.Started).stopped("n1", p.Ending)
		}, Proven, "once it had started"},
		{"paused by a later one once it was back", Record{Asked: paused.Asked, Targets: paused.Targets,
			Overlap: map[string]map[string][]int{kill: {"n1": {4}}, pause: {"n1": {5}}}},
			func(p Proof) Proof { return p.died("n1", p.Before, p.Started).stopped("n1", p.Ending) },
			Masked, "fault 4 (kill)"},
		{"paused, but dead", paused, func(p Proof) Proof {
			return p.died("n1", p.Before, p.Started, p.Ending)
		}, Masked, "no fault had killed it"},
		{"paused, nothing read", paused, func(p Proof) Proof { return Proof{} }, None, "not read back"},

		{"slow", slow, func(p Proof) Proof { return p.mono("n1", 0.502) },
			Proven, "n1: monotonic at 0.502 of true over 1.999s, asked for 0.5"},
		{"not slow", slow, func(p Proof) Proof { return p }, None, "monotonic at 1 of true"},
		{"slow, but another process", slow, func(p Proof) Proof {
			return p.mono("n1", 0.5).edit("n1", func(e *Evidence) { e.Born++ }, p.Ending)
		}, None, "monotonic not read"},
		{"not slow enough", slow, func(p Proof) Proof { return p.mono("n1", 0.8) }, None, "at 0.8 of"},
		{"the wrong clock", slow, func(p Proof) Proof { return p.jump("n1", -time.Second) },
			None, "at 1 of"},
		{"killed meanwhile", under(slow, kill, "n1"), func(p Proof) Proof {
			return p.reborn("n1", p.Ending)
		}, Masked, "masked by fault 4 (kill)"},
		{"a later clock won", under(slow, clock, "n1"), func(p Proof) Proof { return p.mono("n1", 2) },
			Masked, "masked by fault 4 (clock)"},
		{"another node's overlap", under(slow, clock, "n2"), func(p Proof) Proof { return p },
			None, "at 1 of"},
		{"crashed meanwhile", slow, func(p Proof) Proof { return p.died("n1", p.Ending) },
			Masked, "no fault had killed it"},
		{"slow, read back", slow, func(p Proof) Proof {
			return p.blind("n1", &Clock{Monotonic: Skew{Rate: 0.5}})
		}, Proven, "at 0.5 of true as read back"},
		{"read back as true", slow, func(p Proof) Proof { return p.blind("n1", new(Clock)) },
			None, "monotonic not read"},
		{"clock, nothing read", slow, func(p Proof) Proof { return p.blind("n1", nil) },
			None, "monotonic not read"},
		{"others are fast", slowest, func(p Proof) Proof {
			return p.mono("n1", 0.5).mono("n2", 1.5).mono("n3", 1.5)
		}, Proven, "n3: monotonic at 1.5 of true"},
		{"one of the others is not", slowest, func(p Proof) Proof {
			return p.mono("n1", 0.5).mono("n2", 1.5)
		}, None, "n3: monotonic at 1 of true"},
		{"one of the others is dead", under(slowest, kill, "n3"), func(p Proof) Proof {
			return p.mono("n1", 0.5).mono("n2", 1.5).died("n3", p.Before, p.Started, p.Ending)
		}, Proven, "n3: monotonic not read, asked for 1.5 of true; masked by fault 4 (kill)"},
		{"only the others", skewed(plan.Clock{Which: monotonic, Others: 2}), func(p Proof) Proof {
			return p.blind("n1", nil).mono("n2", 2).mono("n3", 2)
		}, Proven, "n2: monotonic at 2 of true"},
		{"bumped", bumped, func(p Proof) Proof { return p.jump("n1", -3*time.Second) },
			Proven, "n1: realtime stepped by -3s"},
		{"bumped the wrong way", bumped, func(p Proof) Proof { return p.jump("n1", 3*time.Second) },
			None, "by 3s"},
		{"bumped, nothing read", bumped, func(p Proof) Proof { return p.blind("n1", new(Clock)) },
			None, "realtime not read, asked for a step of -3s"},
		{"strobe", strobed, func(p Proof) Proof {
			return p.edit("n1", func(e *Evidence) { e.Skew = strobing }, p.Started)
		}, Proven, "realtime jumping by 1s each 1ms read back"},
		{"no strobe", strobed, func(p Proof) Proof { return p }, None, "not read back"},

		{"cut both ways", cut, func(p Proof) Proof {
			return p.dropped("n1", "n2", 7).dropped("n3", "n1", 5)
		}, Proven, "n1 → n2,n3: 5 packets dropped on 1 of 2 edges"},
		{"cut one way only", cut, func(p Proof) Proof { return p.dropped("n1", "n2", 7) },
			None, "n1 → n2,n3: 0 packets dropped on 0 of 2 edges"},
		{"not cut", cut, func(p Proof) Proof { return p }, None, "0 packets"},
		{"the count was there before", cut, func(p Proof) Proof {
			p.dropped("n1", "n2", 7).dropped("n3", "n1", 5)
			p.Before = p.Ending
			return p
		}, None, "0 packets"},
		{"counts began anew", cut, func(p Proof) Proof {
			p.dropped("n1", "n2", 7).dropped("n3", "n1", 5)
			return p.edit("n1", func(e *Evidence) { e.Dropped = map[string]uint64{"n2": 100} }, p.Before)
		}, Proven, "n2,n3 → n1: 7 packets"},
		{"the sender is dead", under(cut, kill, "n1"), func(p Proof) Proof {
			return p.dropped("n1", "n2", 7)
		}, Proven, "0 packets dropped on 0 of 2 edges; masked by fault 4 (kill)"},
		{"both are hidden", under(cut, pause, "n1"), func(p Proof) Proof { return p },
			Masked, "masked by fault 4 (pause)"},
		{"one mask does not hide the other edge", under(cut, kill, "n3"), func(p Proof) Proof {
			return p.dropped("n1", "n2", 7)
		}, None, "n1 → n2,n3: 0 packets"},
		{"it died by itself", cut, func(p Proof) Proof { return p.died("n1", p.Before, p.Ending) },
			Masked, "n1, dead though no fault had killed it"},
		{"bridge", bridged, func(p Proof) Proof { return p.dropped("n2", "n3", 1) },
			Proven, "among themselves: 1 packets dropped on 1 of 2 edges"},
		{"nothing of a cut was read", cut, func(Proof) Proof { return Proof{} }, None, "0 packets"},
	} {
		got := c.r.Judge(c.proof(proofOf("n1", "n2", "n3")))
		words := strings.Join(got.Evidence, "\n")
		if got.Effect != c.want || !strings.Contains(words, c.words) {
			t.Errorf("%s: %s, want %s and %q; evidence:\n%s",
				c.name, got.Effect, c.want, c.words, words)
		}
	}
}

func TestTheWorstTargetDecides(t *testing.T) {
	r := Record{Asked: plan.Fault{Kind: kill}, Targets: []string{"n1", "n2", "n3"},
		Overlap: held(kill, "n2")}
	p := proofOf("n1", "n2", "n3")
	p.died("n2", p.Before, p.Started, p.Ending).reborn("n2", p.Ended)
	p.died("n1", p.Started, p.Ending).reborn("n1", p.Ended)
	if got := r.Judge(p); got.Effect != None || len(got.Evidence) != 3 {
		t.Errorf("one of three was not killed: %s, %q", got.Effect, got.Evidence)
	}
	p.died("n3", p.Started, p.Ending, p.Ended)
	if got := r.Judge(p); got.Effect != Proven {
		t.Errorf("two killed, one masked: %s, %q", got.Effect, got.Evidence)
	}
	r.Targets = []string{"n2"}
	if got := r.Judge(p); got.Effect != Masked {
		t.Errorf("the only one masked: %s, %q", got.Effect, got.Evidence)
	}
	r.Targets = nil
	if got := r.Judge(p); got.Effect != None {
		t.Errorf("no target at all: %s, %q", got.Effect, got.Evidence)
	}
}

func TestOnlyWhatWasAskedIsJudged(t *testing.T) {
	r := Record{Asked: plan.Fault{Kind: clock, Clock: &plan.Clock{Which: monotonic, Others: 2}},
		Targets: []string{"n1"}}
	if got := r.Judge(proofOf("n1", "n2", "n3")).Evidence; len(got) != 2 {
		t.Errorf("evidence of %d nodes, want n2 and n3: %q", len(got), got)
	}
}

func TestWhatHealedItselfIsSaid(t *testing.T) {
	p := proofOf("n1", "n2", "n3")
	p.edit("n3", func(e *Evidence) { e.Expired = 1 }, p.Before, p.Started, p.Ending, p.Ended)
	p.edit("n2", func(e *Evidence) { e.Expired = 1 }, p.Ended)
	r := Record{Asked: plan.Fault{Kind: pause}, Targets: []string{"n1"}}.Judge(p)
	if len(r.Healed) != 1 || r.Healed[0] != "n2" {
		t.Errorf("healed %v, want n2", r.Healed)
	}
	if r.StartTook != plan.Of(5*time.Millisecond) || r.EndTook != plan.Of(7*time.Millisecond) {
		t.Errorf("took %v and %v", r.StartTook, r.EndTook)
	}
}
