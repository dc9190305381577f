package harness

import (
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// Driver does faults to the nodes of an environment and reads back what is. Its calls may take
// their time; one goroutine makes them.
type Driver interface {
	// View is what is known now, to resolve a symbolic target by.
	View() nemesis.View
	// Apply brings every node into its state, and says how long it was until the last one was.
	// What it could not do shows in what is read back.
	Apply(map[string]nemesis.State) (took time.Duration, err error)
	// Read is what there is to read of every node, from the kernel and from the node itself.
	Read() map[string]nemesis.Evidence
}

// Injector starts and ends the faults of a plan through a Driver, and judges from what it reads
// back at both ends whether they had an effect.
type Injector struct {
	Driver Driver
	Ledger *nemesis.Ledger
	Faults []plan.Fault

	proofs map[int]nemesis.Proof
	stuck  map[int]nemesis.Record // ended, but what was applied then went wrong
}

// Do starts fault i, or ends it. The value is the fault's record for the completion of the
// nemesis's event; the error says what went wrong while applying it.
func (x *Injector) Do(i int, end bool) (history.Value, error) {
	if end {
		return x.end(i)
	}
	return x.start(i)
}

func (x *Injector) start(i int) (history.Value, error) {
	proof := nemesis.Proof{Before: x.Driver.Read()}
	record, err := x.Ledger.Start(i, x.Faults[i], x.Driver.View())
	if err != nil {
		return history.Marshal(Asked(i, x.Faults[i])), err
	}
	proof.StartTook, err = x.Driver.Apply(x.Ledger.Desired())
	proof.Started = x.Driver.Read()
	if x.proofs == nil {
		x.proofs = make(map[int]nemesis.Proof)
	}
	x.proofs[i] = proof
	return history.Marshal(record), err
}

func (x *Injector) end(i int) (history.Value, error) {
	if record, ended := x.stuck[i]; ended {
		_, err := x.Driver.Apply(x.Ledger.Desired())
		return history.Marshal(record), err
	}
	proof, started := x.proofs[i]
	if !started { // its start was refused: there is nothing to end
		return history.Marshal(Asked(i, x.Faults[i])), nil
	}
	delete(x.proofs, i)
	proof.Ending = x.Driver.Read()
	record := x.Ledger.End(i, x.Driver.View().Now)
	var err error
	proof.EndTook, err = x.Driver.Apply(x.Ledger.Desired())
	proof.Ended = x.Driver.Read()
	record = record.Judge(proof)
	if err != nil { // the scheduler asks again when everything is healed
		if x.stuck == nil {
			x.stuck = make(map[int]nemesis.Record)
		}
		x.stuck[i] = record
	}
	return history.Marshal(record), err
}

// Asked is the record of a fault of which nothing is known yet: the value of an invocation.
func Asked(i int, f plan.Fault) nemesis.Record { return nemesis.Record{Fault: i, Asked: f} }
