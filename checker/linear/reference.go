package linear

import (
	"context"
	"hash/maphash"
	"math"
	"sync/atomic"

	"github.com/anishathalye/porcupine"
)

// input is an operation for porcupine.
type input[O comparable] struct {
	do   O
	open bool
}

// porcupineModel is m for porcupine, which stops finding steps when more says no. It then ends
// soon, with an answer that means nothing. Porcupine insists on a place for every operation; an
// open one that cannot happen there has none, so it does nothing instead.
func porcupineModel[S, O comparable](m Model[S, O], more func() bool) porcupine.Model {
	seed := maphash.MakeSeed()
	return porcupine.Model{
		Init: func() any { return m.Init },
		Step: func(state, in, _ any) (bool, any) {
			if !more() {
				return false, state
			}
			o := in.(input[O])
			next, ok := m.Step(state.(S), o.do)
			if !ok && o.open {
				return true, state
			}
			return ok, next
		},
		Hash: func(state any) uint64 { return maphash.Comparable(seed, state.(S)) },
		DescribeOperation: func(in, _ any) string {
			if o := in.(input[O]); o.open {
				return m.String(o.do) + "?"
			}
			return m.String(in.(input[O]).do)
		},
	}
}

// porcupineOps are ops for porcupine, which gets positions in the history for times: clocks judge
// nothing.
func porcupineOps[O comparable](ops []Op[O]) []porcupine.Operation {
	out := make([]porcupine.Operation, len(ops))
	for i, o := range ops {
		ret := int64(o.Return)
		if o.Return == Open {
			ret = math.MaxInt64
		}
		out[i] = porcupine.Operation{ClientId: int(o.Process), Input: input[O]{o.Do, o.Return == Open},
			Call: int64(o.Index), Return: ret}
	}
	return out
}

// answer is what a search concludes.
type answer uint8

const (
	legal answer = iota + 1
	illegal
	outOfTime
	outOfMemory
	outOfSteps
)

// effort bounds a search of one key.
type effort struct {
	memory int64
	steps  int // 0: any number
}

// refer asks porcupine. A cache entry of porcupine holds a bit for each operation, and a step may
// make one: that is how its memory is estimated, and bounded.
func refer[S, O comparable](ctx context.Context, m Model[S, O], ops []Op[O], e effort) answer {
	var steps atomic.Int64
	perStep := int64(len(ops)/8 + 160)
	var ended atomic.Uint32
	model := porcupineModel(m, func() bool {
		n := steps.Add(1)
		if e.steps > 0 && n > int64(e.steps) {
			ended.CompareAndSwap(0, uint32(outOfSteps))
		}
		if n*perStep > e.memory {
			ended.CompareAndSwap(0, uint32(outOfMemory))
		}
		if n%256 == 0 && ctx.Err() != nil {
			ended.CompareAndSwap(0, uint32(outOfTime))
		}
		return ended.Load() == 0
	})
	if ctx.Err() != nil {
		return outOfTime
	}
	ok := porcupine.CheckOperations(model, porcupineOps(ops))
	switch {
	case ended.Load() != 0:
		return answer(ended.Load())
	case ok:
		return legal
	}
	return illegal
}
