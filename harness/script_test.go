package harness_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// at appends both halves of an operation.
func (tp *tape) at(t time.Duration, e history.Event, kind history.Kind) {
	e.Index, e.Time, e.Kind = len(*tp), t, history.Invoke
	*tp = append(*tp, e)
	e.Index, e.Time, e.Kind = len(*tp), t+time.Millisecond, kind
	*tp = append(*tp, e)
}

// recovered is a history with reads of n1 and n2 after the recovery at 9.999 s.
func recovered(after time.Duration, n1, n2 history.Kind) (tp tape) {
	tp.at(2*time.Second, history.Event{Process: 3, F: "write", Key: "k0", Value: "1"}, history.OK)
	tp.at(9999*time.Millisecond-time.Millisecond, history.Event{Process: history.Nemesis, F: "recover"}, history.OK)
	for i := range 3 {
		at := 9999*time.Millisecond + after + time.Duration(i)*time.Second
		tp.at(at, history.Event{Process: 7, F: "read", Key: "k0", Node: "n1"}, n1)
		tp.at(at+2*time.Millisecond, history.Event{Process: 0, F: "read", Key: "k0", Node: "n2"}, n2)
	}
	return tp
}

func TestTheScriptOfAHistory(t *testing.T) {
	second := plan.Of(time.Second)
	got := harness.ScriptOf(plan.Plan{Concurrency: 4}, recovered(time.Second, history.OK, history.Fail))
	want := []plan.ScriptedOp{
		{Thread: 3, F: "write", Key: "k0", Value: "1"},
		{At: second, Thread: 3, F: "read", Key: "k0", Node: "n1", Final: true},
		{At: plan.Of(5 * time.Second), F: "read", Key: "k0", Node: "n2", Final: true}, // never answered
		{At: plan.Of(2 * time.Second), Thread: 3, F: "read", Key: "k0", Node: "n1", Final: true},
		{At: plan.Of(3 * time.Second), Thread: 3, F: "read", Key: "k0", Node: "n1", Final: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if again := harness.ScriptOf(plan.Plan{Script: want}, nil); !reflect.DeepEqual(again, want) {
		t.Errorf("the script of what has one is %+v", again)
	}
}

// TestOnlyAPatientReadBlamesANode: what a script does not ask for makes nothing invalid, and
// neither does a read that a healthy node could be too late for.
func TestOnlyAPatientReadBlamesANode(t *testing.T) {
	script := []plan.ScriptedOp{{F: "write"}}
	for _, c := range []struct {
		name   string
		script []plan.ScriptedOp
		after  time.Duration
		n2     history.Kind
		want   checker.Verdict
	}{
		{"patient and answered", script, 5 * time.Second, history.OK, checker.Unknown},
		{"patient", script, 5 * time.Second, history.Fail, checker.Invalid},
		{"in a hurry", script, 2 * time.Second, history.Fail, checker.Unknown},
		{"all that a workload asked", nil, time.Second, history.Fail, checker.Invalid},
	} {
		tp := recovered(c.after, history.OK, c.n2)
		r := harness.Judge(context.Background(), harness.Evidence{Events: tp, Plan: plan.Plan{Nodes: 3,
			Environment: "sim", Script: c.script, TimeLimit: plan.Of(time.Second)}})
		if r.Verdict != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, r.Verdict, r.Reason, c.want)
		}
	}
}

// TestAPartitionComesBackAsItWas: named nodes alone do not say which half is deaf.
func TestAPartitionComesBackAsItWas(t *testing.T) {
	names := []string{"n1", "n2", "n3", "n4", "n5"}
	for _, shape := range []string{"one", "one-way", "bridge", "halves", "majority-minority",
		"leader-isolated", "primaries-with-minority"} {
		for pick := range uint64(20) {
			f := plan.Fault{Kind: "partition", Shape: shape, Pick: pick, At: plan.Of(time.Second),
				Duration: plan.Of(time.Second)}
			was := nemesis.Ledger{Nodes: names}
			r, err := was.Start(0, f, nemesis.View{Now: time.Second, Leader: "n4"})
			if err != nil {
				t.Fatal(err)
			}
			events := []history.Event{{Process: history.Nemesis, F: "start", Kind: history.OK,
				Value: history.Marshal(r)}}
			got := harness.FaultsOf(plan.Plan{Nodes: 5, Faults: []plan.Fault{f}}, events)[0]
			again := nemesis.Ledger{Nodes: names}
			back, err := again.Start(0, got, nemesis.View{Now: time.Second, Leader: "n1"})
			if err != nil || !reflect.DeepEqual(back.Grudge, r.Grudge) {
				t.Errorf("%s, pick %d: %v came back as %v, %v", shape, pick, r.Grudge, back.Grudge, err)
			}
		}
	}
}
