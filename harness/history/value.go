package history

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Value is one JSON value exactly as it was recorded, so that an int never comes back as a float.
// The empty Value means that there is none.
type Value string

// Int is the value n.
func Int(n int64) Value { return Value(strconv.FormatInt(n, 10)) }

// Null is the value of a register that was never written.
const Null Value = "null"

// Marshal is v as a Value. It panics on what JSON cannot say: a mistake in a workload.
func Marshal(v any) Value {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("history: value %T is not JSON: %v", v, err))
	}
	return Value(b)
}

// Int is the integer that v says; an error names what else it is.
func (v Value) Int() (int64, error) {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read value %.40q: not an integer", string(v))
	}
	return n, nil
}

// Decode reads v into the variable that to points to.
func (v Value) Decode(to any) error {
	if err := json.Unmarshal([]byte(v), to); err != nil {
		return fmt.Errorf("read value %.40q: %w", string(v), err)
	}
	return nil
}
