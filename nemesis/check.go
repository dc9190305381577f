package nemesis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/harness/plan"
)

// Which clocks a clock fault is about; any other word is both.
const (
	realtime  = "realtime"
	monotonic = "monotonic"
	both      = "both"
)

// Limits of a clock fault, for plans written by hand: beyond them nothing new is learnt, and
// nothing below them can be done.
const (
	rateMin   = 0.01
	rateMax   = 100.0
	stepMax   = 100 * 365 * 24 * time.Hour
	periodMin = 100 * time.Microsecond
)

// Check says what is wrong with a fault of a plan, listing what would be right. It does not
// depend on the faults that are active.
func (l *Ledger) Check(f plan.Fault) error {
	kind, err := kindNamed(f.Kind)
	if err != nil {
		return err
	}
	switch {
	case kind.Simulated && l.Real:
		return fmt.Errorf("a %s fault can only be simulated: it needs --env sim", f.Kind)
	case f.On != nil && l.Real:
		return fmt.Errorf("the trigger %s can only be seen in the simulation: it needs --env sim",
			f.On.Event)
	}
	if (f.Shape != "") != (f.Kind == partition) {
		return fmt.Errorf("shape is %.40q in a %s: a partition has one, no other fault does",
			f.Shape, f.Kind)
	}
	if (f.Clock != nil) != (f.Kind == clock) {
		return fmt.Errorf("clock is given or missing in a %s: a clock fault has one", f.Kind)
	}
	if err := l.checkStays(f); err != nil {
		return err
	}
	switch f.Kind {
	case partition:
		if _, err := shapeNamed(f.Shape, len(l.Nodes)); err != nil {
			return err
		}
		if f.Target == "" {
			return nil
		}
	case clock:
		if err := checkClock(*f.Clock); err != nil {
			return err
		}
	}
	if err := checkVariant(f, kind); err != nil {
		return err
	}
	if f.On != nil && slices.Contains(places, f.Target) {
		message := f.On.Event == "sent" || f.On.Event == "delivered"
		if !message && (f.Target == "sender" || f.Target == "receiver") {
			return fmt.Errorf("target %s: what is %s has none", f.Target, f.On.Event)
		}
		return nil
	}
	return l.checkTarget(f.Target)
}

// checkVariant is for kinds that have their variants there; a kill has a default.
func checkVariant(f plan.Fault, kind Kind) error {
	switch {
	case f.Kind == kill && f.Variant == "":
		return nil
	case f.Kind != kill && f.Kind != disk:
		if f.Variant != "" {
			return fmt.Errorf("variant %.40q of a %s: only kill and disk have one", f.Variant, f.Kind)
		}
		return nil
	case !slices.ContainsFunc(kind.Variants, func(k Kind) bool { return k.Name == f.Variant }):
		return fmt.Errorf("variant %.40q of a %s: there are %s", f.Variant, f.Kind,
			names(kind.Variants))
	}
	return nil
}

func (l *Ledger) checkTarget(target string) error {
	if slices.Contains(targets, target) {
		return nil
	}
	named := strings.Split(target, ",")
	for i, n := range named {
		if !slices.Contains(l.Nodes, n) || slices.Contains(named[:i], n) {
			return fmt.Errorf("target %.40q is none of %s, nor different nodes of %s",
				target, strings.Join(targets, ", "), strings.Join(l.Nodes, ","))
		}
	}
	return nil
}

func checkClock(c plan.Clock) error {
	switch {
	case c.Which != realtime && c.Which != monotonic && c.Which != both:
		return fmt.Errorf("clock.which %.40q is none of realtime, monotonic, both", c.Which)
	case c == plan.Clock{Which: c.Which}:
		return fmt.Errorf("clock asks for nothing: want step, rate, others or strobe")
	case !possible(c.Rate) || !possible(c.Others):
		return fmt.Errorf("clock.rate is %v and clock.others %v, want %v to %v", c.Rate, c.Others,
			rateMin, rateMax)
	case c.Step.Duration > stepMax || c.Step.Duration < -stepMax:
		return fmt.Errorf("clock.step is %v, want at most %v", c.Step, stepMax)
	case c.Which != realtime && c.Step.Duration < 0:
		return fmt.Errorf("clock.step is %v: a monotonic clock never steps back", c.Step)
	case c.Which != realtime && c.Strobe.Duration != 0:
		return fmt.Errorf("clock.strobe of a %s clock: only the realtime clock can jump back", c.Which)
	case c.Strobe.Duration > stepMax || c.Strobe.Duration < -stepMax:
		return fmt.Errorf("clock.strobe is %v, want at most %v", c.Strobe, stepMax)
	case (c.Strobe.Duration != 0) != (c.Period.Duration != 0):
		return fmt.Errorf("clock.strobe is %v and clock.period %v: want both or none", c.Strobe, c.Period)
	case c.Period.Duration != 0 && c.Period.Duration < periodMin:
		return fmt.Errorf("clock.period is %v, want at least %v", c.Period, periodMin)
	}
	return nil
}

// possible is false for what is no number, too.
func possible(rate float64) bool { return rate == 0 || rate >= rateMin && rate <= rateMax }
