package shrink

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"sunder/harness/plan"
)

// fixed is how long everything takes in an explicit network.
const fixed = 500 * time.Microsecond

// nodes takes nodes away, with all that names them. A fault that still does makes no plan, which
// fails knows.
func (s *search) nodes() {
	for n := 1; n < s.best.Nodes; n++ {
		p := s.best
		p.Nodes = n
		p.Script = slices.DeleteFunc(slices.Clone(p.Script), func(o plan.ScriptedOp) bool {
			return number(o.Node) > n
		})
		p.Network.Except = slices.DeleteFunc(slices.Clone(p.Network.Except),
			func(e plan.Except) bool { return number(e.From) > n || number(e.To) > n })
		if s.try(p) {
			return
		}
	}
}

// number is 3 for n3, and 0 for what is no name of a node.
func number(node string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(node, "n"))
	if err != nil {
		return 0
	}
	return n
}

// network makes it explicit at once, or calm, or as calm as it can be.
func (s *search) network() {
	for _, calm := range []func(*plan.Network){
		func(n *plan.Network) { *n = plan.Network{Fixed: plan.Of(fixed)} },
		func(n *plan.Network) { *n = plan.Network{} },
		func(n *plan.Network) { n.Loss = 0 },
		func(n *plan.Network) { n.Duplicate = 0 },
		func(n *plan.Network) { n.Reorder = 0 },
		func(n *plan.Network) { n.Hold = 0 },
		func(n *plan.Network) { n.Latency = plan.Duration{} },
		func(n *plan.Network) { n.Fsync = plan.Duration{} },
		func(n *plan.Network) { n.Priorities = 0 },
		func(n *plan.Network) { n.Links = "" },
	} {
		if s.best.Network.Fixed.Duration != 0 {
			return
		}
		p := s.best
		if calm(&p.Network); !reflect.DeepEqual(p.Network, s.best.Network) {
			s.try(p)
		}
	}
}

// explicit lets everything take the same time but for those messages that took another one. Then
// nothing about the network is left to chance.
func (s *search) explicit() {
	if s.best.Network.Fixed.Duration != 0 {
		return
	}
	s.seeds(stubborn, s.network) // perhaps no message need be odd
	recorded, ok := s.record()
	if !ok || s.best.Network.Fixed.Duration != 0 {
		return
	}
	var odd []plan.Except
	for _, e := range recorded.Messages {
		if e.Lost || e.Again.Duration != 0 || e.Takes.Duration != fixed {
			odd = append(odd, e)
		}
	}
	p := s.best
	p.Network = plan.Network{Links: p.Network.Links, Fixed: plan.Of(fixed), Except: odd}
	if s.try(p) {
		p = s.best
		p.Network.Links = ""
		s.try(p)
	}
}

// few odd messages can be told one by one.
const few = 5

// exceptions leaves out as many odd messages as it can, and makes those that are left less odd.
func (s *search) exceptions() {
	with := func(list []plan.Except) plan.Plan {
		p := s.best
		p.Network.Except = list
		return p
	}
	var kinds []string
	for _, e := range s.best.Network.Except {
		if !slices.Contains(kinds, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
	}
	fewer(s, kinds, func(some []string) plan.Plan {
		return with(slices.DeleteFunc(slices.Clone(s.best.Network.Except),
			func(e plan.Except) bool { return !slices.Contains(some, e.Kind) }))
	})
	fewer(s, s.best.Network.Except, with)
	for i := range s.best.Network.Except {
		for _, less := range []func(*plan.Except){
			func(e *plan.Except) { e.Again = plan.Duration{} },
			func(e *plan.Except) { e.Takes = plan.Of(e.Takes.Round(100 * time.Microsecond)) },
			func(e *plan.Except) { e.Takes = plan.Of(e.Takes.Round(time.Millisecond)) },
		} {
			list := slices.Clone(s.best.Network.Except)
			if less(&list[i]); list[i] != s.best.Network.Except[i] {
				s.try(with(list))
			}
		}
	}
}
