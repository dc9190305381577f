package nemesis

import "math/rand/v2"

// menu is what there is to choose from, some of it more often than the rest.
type menu[T any] []dish[T]

type dish[T any] struct {
	item   T
	weight int
}

// swarm is a menu of items for one seed: each is off in one seed of three, and what is left is up
// to eight times as frequent as another. One is always left, if there was any.
func swarm[T any](rng *rand.Rand, items []T) (m menu[T]) {
	if len(items) == 0 {
		return nil
	}
	sure := rng.IntN(len(items))
	for i, item := range items {
		off, weight := rng.IntN(3) == 0, 1<<rng.IntN(4)
		if i == sure || !off {
			m = append(m, dish[T]{item, weight})
		}
	}
	return m
}

func (m menu[T]) pick(rng *rand.Rand) T {
	sum := 0
	for _, d := range m {
		sum += d.weight
	}
	at := rng.IntN(sum)
	for _, d := range m {
		if at -= d.weight; at < 0 {
			return d.item
		}
	}
	panic("nemesis: nothing on the menu")
}
