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
	// Read puts into an empty map what there is to read of every node, from the kernel and from
	// the node itself.
	Read(map[string]nemesis.Evidence)
}

// Injector starts and ends the faults of a plan through a Driver, and judges from what it reads
// back at both ends whether they had an effect.
type Injector struct {
	Driver Driver
	Ledger *nemesis.Ledger
	Faults []plan.Fault

	// Records is what became of the faults so far: what Do came to each time, in order.
	Records []nemesis.Record
	Brief   bool // they are not written as values, too

	proofs map[int]nemesis.Proof
	spare  []map[string]nemesis.Evidence // emptied, to be filled again
	ended  map[int]nemesis.Record
}

// Do starts fault i, or ends it. The value is the fault's record for the completion of the
// nemesis's event; the error says what went wrong while applying it.
func (x *Injector) Do(i int, end bool) (history.Value, error) {
	var r nemesis.Record
	var err error
	if end {
		r, err = x.end(i)
	} else {
		r, err = x.start(i, nemesis.View{})
	}
	if x.Records == nil {
		x.Records = make([]nemesis.Record, 0, 2*len(x.Faults))
	}
	x.Records = append(x.Records, r)
	if x.Brief {
		return "", err
	}
	return history.Marshal(r), err
}

// Fire starts fault i, whose trigger came at a place, and says whether it did start.
func (x *Injector) Fire(i int, at nemesis.View) bool {
	_, err := x.start(i, at)
	_, started := x.proofs[i]
	return started && err == nil
}

// Expire ends fault i, if it was fired and is still active.
func (x *Injector) Expire(i int) {
	if _, started := x.proofs[i]; started {
		_, _ = x.end(i) // the end that the schedule has for it says what came of it
	}
}

func (x *Injector) start(i int, at nemesis.View) (nemesis.Record, error) {
	proof := nemesis.Proof{Before: x.read()}
	view := x.Driver.View()
	view.Self, view.Sender, view.Receiver = at.Self, at.Sender, at.Receiver
	record, err := x.Ledger.Start(i, x.Faults[i], view)
	if err != nil {
		return Asked(i, x.Faults[i]), err
	}
	proof.StartTook, err = x.Driver.Apply(x.Ledger.Desired())
	proof.Started = x.read()
	if x.proofs == nil {
		x.proofs = make(map[int]nemesis.Proof)
	}
	x.proofs[i] = proof
	return record, err
}

func (x *Injector) end(i int) (nemesis.Record, error) {
	proof, started := x.proofs[i]
	if !started {
		return x.endAgain(i)
	}
	delete(x.proofs, i)
	proof.Ending = x.read()
	record := x.Ledger.End(i, x.Driver.View().Now)
	var err error
	proof.EndTook, err = x.Driver.Apply(x.Ledger.Desired())
	proof.Ended = x.read()
	if x.ended == nil {
		x.ended = make(map[int]nemesis.Record)
	}
	x.ended[i] = record.Judge(proof)
	for _, read := range []map[string]nemesis.Evidence{
		proof.Before, proof.Started, proof.Ending, proof.Ended} {
		clear(read)
		x.spare = append(x.spare, read)
	}
	return x.ended[i], err
}

func (x *Injector) read() map[string]nemesis.Evidence {
	var into map[string]nemesis.Evidence
	if last := len(x.spare) - 1; last >= 0 {
		into, x.spare = x.spare[last], x.spare[:last]
	} else {
		into = make(map[string]nemesis.Evidence, len(x.Ledger.Nodes))
	}
	x.Driver.Read(into)
	return into
}

// endAgain is asked for when it was in doubt whether the fault ended. A fault whose start was
// refused has nothing to end, but what the nodes shall be like holds anyway.
func (x *Injector) endAgain(i int) (nemesis.Record, error) {
	_, err := x.Driver.Apply(x.Ledger.Desired())
	if r, ended := x.ended[i]; ended {
		return r, err
	}
	r := Asked(i, x.Faults[i])
	if r.Asked.On != nil {
		r.Effect = nemesis.Never
		if r.Asked.On.Optional {
			r.Effect = nemesis.Masked
		}
		r.Evidence = []string{"what it waited for never came"}
	}
	return r, err
}

// Asked is the record of a fault of which nothing is known yet: the value of an invocation.
func Asked(i int, f plan.Fault) nemesis.Record { return nemesis.Record{Fault: i, Asked: f} }
