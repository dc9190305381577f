package plan

import "fmt"

// ScriptedOp is an operation of a client thread at a time. Shrinking fills it, so that one can be
// left out and the others stay as they are.
type ScriptedOp struct {
	At     Duration `json:"at"` // since the test began; of a final one, since the recovery
	Thread int      `json:"thread"`
	F      string   `json:"f"`
	Key    string   `json:"key,omitempty"`
	Node   string   `json:"node,omitempty"` // that is asked; empty: the client chooses
	Value  string   `json:"value,omitempty"`
	Final  bool     `json:"final,omitempty"` // after everything was healed
}

// ScriptMax bounds the operations of a script.
const ScriptMax = 1_000_000

func (p Plan) checkScript() error {
	if len(p.Script) > ScriptMax {
		return bad("script", len(p.Script), fmt.Sprintf("at most %d", ScriptMax))
	}
	for i, o := range p.Script {
		field := fmt.Sprintf("script[%d].", i)
		switch {
		case !possible(o.At):
			return bad(field+"at", o.At, fmt.Sprintf("0 to %v", TimeMax))
		case o.Thread < 0 || o.Thread >= p.Concurrency:
			return bad(field+"thread", o.Thread, fmt.Sprintf("0 to %d", p.Concurrency-1))
		case o.F == "":
			return bad(field+"f", "missing", "what is done")
		}
	}
	return nil
}
