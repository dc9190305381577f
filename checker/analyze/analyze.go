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
	"sunder/checker/linear"
	"sunder/harness/history"
)

// ErrModel says that there is no model of a name.
var ErrModel = errors.New("no such model")

// models makes the checker for each model. A reader of nil is of a register only.
var models = map[string]func(linear.Budget) checker.Checker{
	"register":       linear.Register,
	"cas-register":   linear.Register,
	"multi-register": func(b linear.Budget) checker.Checker { return linear.MultiRegister(b, "0") },
	"mutex":          linear.Mutex,
	"fifo-queue":     linear.Queue,
	"linear-set":     linear.Set,
	"linear-counter": func(b linear.Budget) checker.Checker { return linear.Counter(b, false) },
	"kv":             linear.KV,
	"list-append":    func(linear.Budget) checker.Checker { return elle.Append("strict-serializable") },
	"rw-register":    func(linear.Budget) checker.Checker { return elle.Register("strict-serializable") },
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
