package elle

import "strings"

// models are consistency models, the weakest first, and the anomalies that each forbids besides
// those of the ones it contains (Adya 1999; Bailis et al., VLDB 2014; jepsen.io/consistency).
var models = []struct {
	name     string
	contains []string
	forbids  []string
}{
	{"read-uncommitted", nil, []string{"G0", "duplicate-elements", "incompatible-order",
		"phantom-read",
		"cyclic-versions"}},
	{"read-committed", []string{"read-uncommitted"}, []string{"G1a", "G1b", "G1c"}},
	{"read-atomic", []string{"read-committed"}, []string{"internal"}},
	{"snapshot-isolation", []string{"read-atomic"}, []string{"G-single", "G-nonadjacent"}},
	{"repeatable-read", []string{"read-committed"}, []string{"G-single", "G2-item", "internal"}},
	{"serializable", []string{"snapshot-isolation", "repeatable-read"}, nil},
	{"strong-session-serializable", []string{"serializable"}, []string{"-process"}},
	{"strict-serializable", []string{"strong-session-serializable"}, []string{"-realtime"}},
}

// Models are the names of the consistency models, the weakest first.
func Models() []string {
	var names []string
	for _, m := range models {
		names = append(names, m.name)
	}
	return names
}

// forbids says whether a model forbids a class of anomaly. A class with the order it needs, such
// as G0-realtime, is forbidden where both are.
func forbids(model, class string) bool {
	base := class
	for _, o := range orders[1:] {
		base = strings.TrimSuffix(base, o.suffix)
	}
	return listed(model, base) && (base == class || listed(model, class[len(base):]))
}

// listed looks a word up among what a model forbids.
func listed(model, word string) bool {
	for _, m := range models {
		if m.name != model {
			continue
		}
		for _, f := range m.forbids {
			if f == word {
				return true
			}
		}
		for _, c := range m.contains {
			if listed(c, word) {
				return true
			}
		}
	}
	return false
}

// violated lists the models that forbid some of what was found.
func violated(found map[string]int) []string {
	var out []string
	for _, m := range models {
		for class := range found {
			if forbids(m.name, class) {
				out = append(out, m.name)
				break
			}
		}
	}
	return out
}
