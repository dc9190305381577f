package linear

import (
	"slices"
	"strings"

	"sunder/checker"
	"sunder/checker/collection"
	"sunder/harness/history"
)

// Set is a checker of sets: add (or set-add) takes an element, remove (or set-remove) takes one out
// if it is there, read (or read-set) answers all, in any order.
func Set(b Budget) checker.Checker {
	m := object{
		name: "set",
		asks: map[string]string{"add": "add", "set-add": "add", "remove": "remove",
			"set-remove": "remove"},
		answers: map[string]string{"read": "read", "read-set": "read"},
		reads:   map[string]bool{"read": true},
		do: func(s string, o step) (string, bool) {
			if o.f == "read" {
				return s, s == o.arg
			}
			elements := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
			if s == "" {
				elements = nil
			}
			at, has := slices.BinarySearch(elements, o.arg)
			switch add := o.f == "add"; {
			case has == add:
				return s, true
			case add:
				elements = slices.Insert(elements, at, o.arg)
			default:
				elements = slices.Delete(elements, at, at+1)
			}
			if len(elements) == 0 {
				return "", true
			}
			return strings.Join(elements, "\n") + "\n", true
		},
	}.model()
	parse := m.Parse
	m.Parse = func(o history.Operation) (step, bool, error) {
		s, skip, err := parse(o)
		if err != nil || skip || s.f != "read" {
			return s, skip, err
		}
		var elements []rawJSON
		if err := history.Value(s.arg).Decode(&elements); err != nil {
			return s, false, err
		}
		slices.Sort(elements)
		elements = slices.Compact(elements)
		var b strings.Builder
		for _, e := range elements {
			b.WriteString(string(e) + "\n")
		}
		s.arg = b.String()
		return s, false, nil
	}
	m.quick, m.part = quickSet, partOfSet
	return New(m, b)
}

// quickSet is the engine for sets to which each element is added once, and stays.
func quickSet(ops []Op[step]) (decision, bool) {
	if slices.ContainsFunc(ops, func(o Op[step]) bool { return o.Do.f == "remove" }) {
		return decision{}, false
	}
	ids := make(map[string]int32)
	id := func(element string) int32 {
		n, known := ids[element]
		if !known {
			n = int32(len(ids))
			ids[element] = n
		}
		return n
	}
	in := make([]collection.SetOp, len(ops))
	for i := range ops {
		o := &ops[i]
		call, ret := o.interval()
		in[i] = collection.SetOp{Call: call, Return: ret, Reads: o.Do.f == "read"}
		if !in[i].Reads {
			in[i].Element = id(o.Do.arg)
			continue
		}
		for line := range strings.Lines(o.Do.arg) {
			in[i].Elements = append(in[i].Elements, id(strings.TrimSuffix(line, "\n")))
		}
	}
	return collected(collection.Set(in, len(ids)))
}

// partOfSet lists the operations of a witness, reads with those elements that are added in it, or
// nowhere.
func partOfSet(ops []Op[step], witness []int32) []Op[step] {
	elsewhere := make(map[string]bool)
	for _, o := range ops {
		elsewhere[o.Do.arg] = elsewhere[o.Do.arg] || o.Do.f == "add"
	}
	for _, i := range witness {
		if ops[i].Do.f == "add" {
			delete(elsewhere, ops[i].Do.arg)
		}
	}
	var part []Op[step]
	for _, i := range witness {
		o := ops[i]
		if o.Do.f == "read" {
			var b strings.Builder
			for line := range strings.Lines(o.Do.arg) {
				if !elsewhere[strings.TrimSuffix(line, "\n")] {
					b.WriteString(line)
				}
			}
			o.Do.arg = b.String()
		}
		part = append(part, o)
	}
	return part
}

// rawJSON is a JSON value as it was written.
type rawJSON string

// UnmarshalJSON keeps the text.
func (r *rawJSON) UnmarshalJSON(text []byte) error {
	*r = rawJSON(text)
	return nil
}
