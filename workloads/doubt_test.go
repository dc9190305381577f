package workloads

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// answers is a connection on which each command gets the next of them.
type answers struct {
	list []answer
	now  time.Duration
}

type answer struct {
	res kv.Result
	err error
}

func (a *answers) Do(nodes.ID, kv.Command, time.Duration) (kv.Result, error) {
	next := a.list[0]
	a.list = a.list[1:]
	return next.res, next.err
}

func (a *answers) Sleep(d time.Duration) { a.now += d }
func (a *answers) Now() time.Duration    { return a.now }

// TestASessionRemembersItsDoubt sends a write several times. One attempt of unknown fate makes the
// operation doubtful, whatever the later ones say, unless the machine itself answers.
func TestASessionRemembersItsDoubt(t *testing.T) {
	lost := answer{err: nodes.ErrTimeout}
	refused := answer{res: kv.Refuse(kv.NotLeader)}
	over := answer{err: history.Definite(nodes.ErrStopped)}
	for _, k := range []struct {
		name string
		list []answer
		want history.Kind
	}{
		{"refused, then done", []answer{refused, {res: kv.Result{Status: kv.OK}}}, history.OK},
		{"lost, then done", []answer{lost, {res: kv.Result{Status: kv.OK}}}, history.OK},
		{"lost, then decided", []answer{lost, {res: kv.Refuse(kv.CASMismatch)}}, history.Fail},
		{"refused to the end", []answer{refused, refused, refused}, history.Fail},
		{"lost, then refused", []answer{lost, refused, refused}, history.Info},
		{"refused, then the test is over", []answer{refused, over}, history.Fail},
		{"lost, then the test is over", []answer{lost, over}, history.Info},
	} {
		c := client{nodes: []nodes.ID{1, 2}, manner: session, timeout: 25 * time.Millisecond, session: 7}
		inv := history.Event{F: "write", Value: history.Int(1)}
		_, err := c.apply(&answers{list: k.list}, inv, kv.Command{Op: kv.Write, Arg: 1})
		if got := history.Complete(inv, 0, "", err); got.Kind != k.want {
			t.Errorf("%s: %s, want %s (%v)", k.name, got.Kind, k.want, errors.Unwrap(err))
		}
	}
}

func TestLongWordsOfANodeAreCut(t *testing.T) {
	long := strings.Repeat("x", 1e6)
	for _, res := range []kv.Result{kv.Refuse(long), kv.Doubt(long)} {
		c := client{nodes: []nodes.ID{1}, timeout: time.Second}
		_, err := c.apply(&answers{list: []answer{{res: res}}}, history.Event{}, kv.Command{Op: kv.Write})
		if err == nil || len(err.Error()) > 200 {
			t.Errorf("%s: an error of %d bytes", res.Status, len(err.Error()))
		}
	}
}
