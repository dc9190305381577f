package history

import "fmt"

// Pair joins invocations with their completions, in the order of invocation. It refuses a history
// that no run can produce: an index that is not the position, a completion without invocation, of
// another function or key, an invocation while one is open, a client process used after an Info.
func Pair(events []Event) ([]Operation, error) {
	ops := make([]Operation, 0, len(events)/2+1)
	open := make(map[Process]int)
	retired := make(map[Process]bool)
	for i := range events {
		e := &events[i]
		if e.Index != i {
			return nil, fmt.Errorf("pair event %d: its index says %d", i, e.Index)
		}
		at, isOpen := open[e.Process]
		switch e.Kind {
		case Invoke:
			if isOpen {
				return nil, fmt.Errorf("pair event %d: process %d invokes while its event %d is open",
					i, e.Process, ops[at].Invocation.Index)
			}
			if retired[e.Process] {
				return nil, fmt.Errorf("pair event %d: process %d was retired by an info", i, e.Process)
			}
			open[e.Process] = len(ops)
			ops = append(ops, Operation{Invocation: e})
		case OK, Fail, Info:
			if !isOpen {
				return nil, fmt.Errorf("pair event %d: process %d has nothing open to complete", i, e.Process)
			}
			inv := ops[at].Invocation
			if inv.F != e.F || inv.Key != e.Key {
				return nil, fmt.Errorf("pair event %d: completes %s %q, but event %d invoked %s %q",
					i, e.F, e.Key, inv.Index, inv.F, inv.Key)
			}
			ops[at].Completion = e
			delete(open, e.Process)
			if e.Kind == Info && e.Process != Nemesis {
				retired[e.Process] = true
			}
		default:
			return nil, fmt.Errorf("pair event %d: kind %d is none", i, e.Kind)
		}
	}
	return ops, nil
}

// ByKey splits operations by the key they act on, keys in order of first appearance. Operations
// without a key belong to every key; the nemesis to none.
func ByKey(ops []Operation) (keys []string, byKey map[string][]Operation) {
	byKey = make(map[string][]Operation)
	var shared []Operation
	for _, o := range ops {
		if o.Invocation.Process == Nemesis {
			continue
		}
		k := o.Invocation.Key
		if k == "" {
			shared = append(shared, o)
			for _, known := range keys {
				byKey[known] = append(byKey[known], o)
			}
			continue
		}
		if _, seen := byKey[k]; !seen {
			keys = append(keys, k)
			byKey[k] = append([]Operation(nil), shared...)
		}
		byKey[k] = append(byKey[k], o)
	}
	if len(keys) == 0 && len(shared) > 0 {
		return []string{""}, map[string][]Operation{"": shared}
	}
	return keys, byKey
}
