package harness_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/scheduler"
	"sunder/nemesis"
	"sunder/workloads"
)

// scene is a driver of two nodes that notes what it is asked for; paused nodes are stopped.
type scene struct {
	lines  []string
	now    time.Duration
	paused map[string]bool
	broken error
}

func (s *scene) View() nemesis.View {
	s.lines = append(s.lines, "view")
	return nemesis.View{Now: s.now, Leader: "n2"}
}

func (s *scene) Apply(states map[string]nemesis.State) (time.Duration, error) {
	s.now += 30 * time.Millisecond
	s.lines = append(s.lines, fmt.Sprintf("apply n1 %v n2 %v", states["n1"].Paused, states["n2"].Paused))
	for n, st := range states {
		s.paused[n] = st.Paused
	}
	return 20 * time.Millisecond, s.broken
}

func (s *scene) Read(into map[string]nemesis.Evidence) {
	s.lines = append(s.lines, "read")
	for i, n := range []string{"n1", "n2"} {
		into[n] = nemesis.Evidence{State: "running", PID: i + 1, Born: 1}
		if s.paused[n] {
			into[n] = nemesis.Evidence{State: "stopped", PID: i + 1, Born: 1}
		}
	}
}

func injector(faults ...plan.Fault) (*harness.Injector, *scene) {
	s := &scene{paused: map[string]bool{}}
	return &harness.Injector{Driver: s, Faults: faults,
		Ledger: &nemesis.Ledger{Nodes: []string{"n1", "n2"}}}, s
}

func record(t *testing.T, v history.Value) (r nemesis.Record) {
	t.Helper()
	if err := v.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// What proves a fault is read before and after both its ends, and what it took is measured.
func TestInjectorProvesAFault(t *testing.T) {
	x, s := injector(plan.Fault{Kind: "pause", Target: "leader"})
	v, err := x.Do(0, false)
	if r := record(t, v); err != nil || fmt.Sprint(r.Targets) != "[n2]" || r.Effect != "" {
		t.Errorf("start: %+v, %v", r, err)
	}
	v, err = x.Do(0, true)
	r := record(t, v)
	if err != nil || r.Effect != nemesis.Proven || r.StartTook.Duration != 20*time.Millisecond ||
		r.EndTook.Duration != 20*time.Millisecond || r.End.Duration != 30*time.Millisecond {
		t.Errorf("end: %+v, %v", r, err)
	}
	const want = "read, view, apply n1 false n2 true, read, read, view, apply n1 false n2 false, read"
	if got := strings.Join(s.lines, ", "); got != want {
		t.Errorf("the driver was asked to %s, want %s", got, want)
	}
}

func TestInjectorSaysWhatWentWrong(t *testing.T) {
	// A fault that cannot be resolved is never begun, and its end is nothing.
	x, s := injector(plan.Fault{Kind: "pause", Target: "n9"})
	v, err := x.Do(0, false)
	if r := record(t, v); err == nil || !strings.Contains(err.Error(), "n9") || r.Asked.Target != "n9" {
		t.Errorf("start: %+v, %v", r, err)
	}
	v, err = x.Do(0, true)
	if r := record(t, v); err != nil || r.Effect != "" || strings.Contains(fmt.Sprint(s.lines), "true") {
		t.Errorf("end: %+v, %v, driver %v", r, err, s.lines)
	}
	// One that could not be applied is judged by what is read back, like any other.
	x, s = injector(plan.Fault{Kind: "pause", Target: "n1"})
	s.broken = errors.New("agent is deaf")
	if _, err := x.Do(0, false); !errors.Is(err, s.broken) {
		t.Errorf("start: %v", err)
	}
	v, err = x.Do(0, true)
	if r := record(t, v); !errors.Is(err, s.broken) || r.Effect != nemesis.Proven {
		t.Errorf("end: %+v, %v", r, err)
	}
	// An end that was in doubt is made sure of when it is asked for again; the record stays.
	s.broken, s.lines = nil, nil
	again, err := x.Do(0, true)
	if err != nil || again != v || fmt.Sprint(s.lines) != "[apply n1 false n2 false]" {
		t.Errorf("end once more: %s, %v; driver %v", again, err, s.lines)
	}
}

func TestNewTest(t *testing.T) {
	s := func(d time.Duration) plan.Duration { return plan.Of(d * time.Second) }
	test := harness.NewTest(plan.Plan{Seed: 1, Nodes: 3, Concurrency: 6, Rate: 100, TimeLimit: s(5),
		Faults: []plan.Fault{{Kind: "pause", At: s(1), Duration: s(3), Target: "n1"},
			{Kind: "pause", At: s(2), Duration: s(1), Target: "n2"}}}, workloads.Register(), true)
	if got := fmt.Sprint(test.Options.Nodes, test.Options.Sessions); got != "[n1 n2 n3] true" {
		t.Errorf("options: %s", got)
	}
	var faults []string
	finals := map[string]int{}
	sched, now := test.Scheduler(), time.Duration(0)
	for i := 0; ; i++ {
		a := sched.Next(now)
		e := a.Event
		switch {
		case a.Kind == scheduler.Invoke || a.Kind == scheduler.Inject || a.Kind == scheduler.Recover:
			test.Note(e)
			if e.Process == history.Nemesis {
				faults = append(faults, fmt.Sprint(e.F, " ", a.Fault, " ", e.Time.Round(time.Second)))
			} else if e.Node != "" {
				finals[e.Node+" "+e.Key]++
			}
			sched.Complete(history.Complete(e, now, e.Value, nil))
		case a.Until > now:
			now = a.Until
		default:
			if i < 100 {
				t.Errorf("the test was over after %d actions", i)
			}
			const want = "start 0 1s, start 1 2s, end 1 3s, end 0 4s, recover 0 5s"
			if got := strings.Join(faults, ", "); got != want {
				t.Errorf("faults: %s, want %s", got, want)
			}
			for at, n := range finals {
				if n != 1 {
					t.Errorf("%s was read %d times", at, n)
				}
			}
			if len(finals) < 3 || len(finals)%3 != 0 {
				t.Errorf("final reads: %v", finals)
			}
			return
		}
	}
}
