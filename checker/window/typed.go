package window

// Typed is the Machine of an object with states S and operations O. It gives both small numbers
// and remembers steps it took.
type Typed[S, O comparable] struct {
	step       func(S, O) (S, bool)
	readOnly   func(O) bool
	overwrites bool

	states  []S
	stateID map[S]int32
	classes []O
	classID map[O]int32
	readers []bool
	steps   map[[2]int32]int32
	table   []int32 // steps of the first states and classes: state*tableClasses + class; 0: unknown
}

// The table is for objects with few states and classes; steps of others are in a map.
const (
	tableStates  = 1024
	tableClasses = 64
)

// NewTyped is an object that starts in init.
func NewTyped[S, O comparable](init S, step func(S, O) (S, bool), readOnly func(O) bool,
	overwrites bool) *Typed[S, O] {
	return &Typed[S, O]{step: step, readOnly: readOnly, overwrites: overwrites,
		states: []S{init}, stateID: map[S]int32{init: 0},
		classID: make(map[O]int32), steps: make(map[[2]int32]int32),
		table: make([]int32, tableClasses)}
}

// Class is the class of an operation.
func (t *Typed[S, O]) Class(o O) int32 {
	c, known := t.classID[o]
	if !known {
		c = int32(len(t.classes))
		t.classID[o] = c
		t.classes = append(t.classes, o)
		t.readers = append(t.readers, t.readOnly != nil && t.readOnly(o))
	}
	return c
}

// Step implements Machine.
func (t *Typed[S, O]) Step(state, class int32) int32 {
	if class < tableClasses && state < tableStates {
		cell := &t.table[state*tableClasses+class]
		if *cell == 0 {
			to := t.take(state, class)
			t.table[state*tableClasses+class] = to + 2
			return to
		}
		return *cell - 2
	}
	key := [2]int32{state, class}
	to, known := t.steps[key]
	if !known {
		to = t.take(state, class)
		t.steps[key] = to
	}
	return to
}

func (t *Typed[S, O]) take(state, class int32) int32 {
	next, ok := t.step(t.states[state], t.classes[class])
	if !ok {
		return none
	}
	id, known := t.stateID[next]
	if !known {
		id = int32(len(t.states))
		t.stateID[next] = id
		t.states = append(t.states, next)
		if id < tableStates {
			t.table = append(t.table, make([]int32, tableClasses)...)
		}
	}
	return id
}

// ReadOnly implements Machine.
func (t *Typed[S, O]) ReadOnly(class int32) bool { return t.readers[class] }

// Overwrites implements Machine.
func (t *Typed[S, O]) Overwrites() bool { return t.overwrites }
