package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sure is verdict if it is one of the three and unknown if it is not: a forgotten verdict never
// passes.
func Sure(verdict string) string {
	if slices.Contains([]string{"valid", "invalid"}, verdict) {
		return verdict
	}
	return "unknown"
}

// Where says what a fault was and to whom it was done: "bridge of n1, n2".
func (f Fault) Where() string {
	switch {
	case len(f.Targets) == 0:
		return f.What
	case f.What == "":
		return strings.Join(f.Targets, ", ")
	}
	return f.What + " of " + strings.Join(f.Targets, ", ")
}

// Name is a fault in short: partition leader-isolated of n1.
func (f Fault) Name() string { return strings.TrimSpace(f.Kind + " " + f.Where()) }

// Outcome is what came of a fault, with the proof: "proven: 412 packets dropped".
func (f Fault) Outcome() string {
	e := f.Effect
	if e == "" {
		e = "none"
	}
	if len(f.Proof) > 0 {
		e += ": " + strings.Join(f.Proof, "; ")
	}
	if f.Outside != "" {
		e += " (outside the declared " + f.Outside + " assumption)"
	}
	return e
}

// Group writes n with its thousands apart.
func Group(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Short is d with three digits at most: 1.23 ms, 45 s.
func Short(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"},
		{time.Microsecond, "µs"}} {
		if d >= u.unit && (u.unit < time.Minute || d >= 2*u.unit) {
			v := float64(d) / float64(u.unit)
			decimals := 0
			switch {
			case v < 9.995:
				decimals = 2
			case v < 99.95:
				decimals = 1
			}
			s := fmt.Sprintf("%.*f", decimals, v)
			if decimals > 0 {
				s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
			}
			return s + " " + u.name
		}
	}
	return fmt.Sprintf("%d ns", d)
}

// Sum says what came of the faults: 8 proven, 1 masked, 1 not done.
func (r Results) Sum() string {
	if len(r.Faults) == 0 {
		return "none was injected"
	}
	counts := make(map[string]int)
	for _, f := range r.Faults {
		counts[f.Effect]++
	}
	var parts []string
	for _, e := range []string{"proven", "masked", "none", ""} {
		if n := counts[e]; n > 0 {
			name := e
			if e == "none" || e == "" {
				name = "without proof"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	if r.Undone > 0 {
		parts = append(parts, fmt.Sprintf("%d not done", r.Undone))
	}
	return strings.Join(parts, ", ")
}
