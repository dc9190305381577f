// Package analyze judges a history from a file, whoever recorded it, by a named model. It is what
// stands behind sunder analyze.
package analyze

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sunder/checker"
	"sunder/checker/elle"
	"sunder/checker/foreign"
	"sunder/checker/jepsen"
	"sunder/checker/linear"
	"sunder/harness/history"
)

// ErrModel says that there is no model of a name.
var ErrModel = errors.New("no such model")

// models makes the checker for each model.
var models = map[string]func(linear.Budget) checker.Checker{
	"register":       linear.Register,
	"cas-register":   linear.Register,
	"multi-register": func(b linear.Budget) checker.Checker { return linear.MultiRegister(b, "0") },
	"mutex":          linear.Mutex,
	"fifo-queue":     linear.Queue,
	"stack":          linear.Stack,
	"priority-queue": linear.PriorityQueue,
	"linear-set":     linear.Set,
	"kv":             linear.KV,
	"list-append":    strict(elle.Append),
	"rw-register":    strict(elle.Register),
	"read-committed": weak("read-committed"),
	"read-atomic":    weak("read-atomic"),
	"causal":         weak("causal"),
	"counter":        counter,
	"set":            plain(jepsen.Set),
	"set-full":       func(linear.Budget) checker.Checker { return jepsen.SetFull(true) },
	"queue":          plain(jepsen.Queue),
	"total-queue":    plain(jepsen.TotalQueue),
	"unique-ids":     plain(jepsen.UniqueIDs),
	"bank":           func(linear.Budget) checker.Checker { return jepsen.Bank(0, false) },
	"bank-negative":  func(linear.Budget) checker.Checker { return jepsen.Bank(0, true) },
	"long-fork":      plain(jepsen.LongFork),
	"comments":       plain(jepsen.CausalReverse),
	"monotonic":      plain(jepsen.Monotonic),
	"g2":             plain(jepsen.G2),
}

func plain(build func() checker.Checker) func(linear.Budget) checker.Checker {
	return func(linear.Budget) checker.Checker { return build() }
}

func strict(build func(string) checker.Checker) func(linear.Budget) checker.Checker {
	return func(linear.Budget) checker.Checker { return build("strict-serializable") }
}

func weak(level string) func(linear.Budget) checker.Checker {
	return func(linear.Budget) checker.Checker { return elle.Weak(level) }
}

// counter judges by bounds, which say in words what is wrong, and exactly.
func counter(b linear.Budget) checker.Checker {
	return checker.All("counter", jepsen.Counter(), linear.Counter(b, false))
}

// Models are the names of the models, in alphabetical order.
func Models() []string { return slices.Sorted(maps.Keys(models)) }

// Read judges the history in r by the model of a name. An error says that there is no verdict: the
// model is unknown, or the text is no history. A torn last line of a history of Sunder's own is
// cut off.
func Read(ctx context.Context, r io.Reader, model string, b linear.Budget) (checker.Result, error) {
	build, known := models[model]
	if !known {
		return checker.Result{}, fmt.Errorf("find model %.40q: %w (there are %s)", model, ErrModel,
			strings.Join(Models(), ", "))
	}
	events, format, err := foreign.Read(r)
	if err != nil && !errors.Is(err, foreign.ErrTorn) {
		return checker.Result{}, err
	}
	if format == foreign.EDN || format == foreign.JSON {
		forgive(events, model)
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		return checker.Result{}, err
	}
	return checker.All("analyze", build(b)).Check(ctx, h), nil
}

// forgive makes ok reads of nothing fail, which proves nothing: Knossos' registers allow a read of
// nil in any state, and recorded histories rely on it.
func forgive(events []history.Event, model string) {
	if model != "register" && model != "cas-register" {
		return
	}
	for i := range events {
		e := &events[i]
		if e.Kind == history.OK && e.F == "read" && (e.Value == history.Null || e.Value == "") {
			e.Kind = history.Fail
		}
	}
}
