package crosscheck

import (
	"math/rand/v2"
	"strconv"

	"sunder/checker"
	"sunder/harness/history"
)

// Lists makes a strictly serializable history of n transactions that append to lists and read them,
// one to four steps each, by clients clients. A key retires after some appends, as in Elle's tests.
func Lists(n, clients int, seed uint64) checker.History {
	const keys, appends = 5, 32
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	lists := make([][]int, keys)
	names := make([]int, keys)
	for i := range names {
		names[i] = i
	}
	events := make([]history.Event, 0, 2*n)
	add := func(p int, k history.Kind, v []byte) {
		events = append(events, history.Event{Index: len(events), Process: history.Process(p), Kind: k,
			F: "txn", Value: history.Value(v)})
	}
	answers := make([][]byte, clients) // of transactions that took effect and are not yet completed
	for done := 0; done < n; {
		p := r.IntN(clients)
		if answers[p] != nil {
			add(p, history.OK, answers[p])
			answers[p] = nil
			done++
			continue
		}
		ask, answer := []byte("["), []byte("[")
		for i := range 1 + r.IntN(4) {
			if i > 0 {
				ask, answer = append(ask, ','), append(answer, ',')
			}
			k := r.IntN(keys)
			if len(lists[k]) == appends {
				names[k] += keys
				lists[k] = nil
			}
			step := `["append",` + strconv.Itoa(names[k]) + `,` + strconv.Itoa(len(lists[k])+1) + `]`
			if r.IntN(2) == 0 {
				lists[k] = append(lists[k], len(lists[k])+1)
				ask, answer = append(ask, step...), append(answer, step...)
				continue
			}
			ask = append(ask, `["r",`+strconv.Itoa(names[k])+`,null]`...)
			answer = append(answer, `["r",`+strconv.Itoa(names[k])+`,[`...)
			for j, v := range lists[k] {
				if j > 0 {
					answer = append(answer, ',')
				}
				answer = strconv.AppendInt(answer, int64(v), 10)
			}
			answer = append(answer, "]]"...)
		}
		add(p, history.Invoke, append(ask, ']'))
		answers[p] = append(answer, ']')
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		panic("crosscheck: " + err.Error())
	}
	return h
}
