package harness_test

import (
	"errors"
	"testing"
	"time"

	"sunder/harness"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// clumsy is a driver that fails as often as it is told, and keeps what it was last asked for.
type clumsy struct {
	fail int
	is   map[string]nemesis.State
}

func (c *clumsy) View() nemesis.View                { return nemesis.View{} }
func (c *clumsy) Read() map[string]nemesis.Evidence { return nil }
func (c *clumsy) Now() time.Duration                { return 0 }

func (c *clumsy) Apply(states map[string]nemesis.State) error {
	if c.fail > 0 {
		c.fail--
		return errors.New("clumsy")
	}
	c.is = states
	return nil
}

// TestAFaultThatDidNotEndIsEndedAgain: the scheduler ends a fault again that did not end well, and
// that must not be an empty promise.
func TestAFaultThatDidNotEndIsEndedAgain(t *testing.T) {
	d := &clumsy{}
	x := harness.Injector{Driver: d, Ledger: &nemesis.Ledger{Nodes: []string{"n1"}},
		Faults: []plan.Fault{{Kind: "pause", Target: "n1", Duration: plan.Of(time.Second)}}}
	if _, err := x.Do(0, false); err != nil || !d.is["n1"].Paused {
		t.Fatalf("started: %+v, %v", d.is, err)
	}
	d.fail = 1
	first, err := x.Do(0, true)
	if err == nil || !d.is["n1"].Paused {
		t.Fatalf("ended clumsily: %+v, %v", d.is, err)
	}
	again, err := x.Do(0, true)
	if err != nil || d.is["n1"].Paused || again != first {
		t.Errorf("ended again: %+v, %v, with record %s after %s", d.is, err, again, first)
	}
}
