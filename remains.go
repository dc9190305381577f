package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sunder/nodes"
)

// observationsFile is where a run keeps what a node observed of itself, in times of the history.
const observationsFile = "observations.jsonl"

// readRemains reads what a stored run has of its nodes. A node without observations, or with
// damaged ones, is told in the error and observed nothing: half of a stream would pass for all of
// it. The rest is still read.
func readRemains(dir string, ids []nodes.ID) (remains, error) {
	out := remains{observed: map[nodes.ID][]nodes.Observed{}}
	var errs []error
	for _, id := range ids {
		home := filepath.Join(dir, "nodes", id.String())
		text, err := os.ReadFile(filepath.Join(home, observationsFile))
		var observed []nodes.Observed
		if err == nil {
			observed, err = nodes.ParseObserved(text)
		}
		if err == nil {
			out.observed[id] = observed
		} else {
			errs = append(errs, fmt.Errorf("observations of %s: %w", id, err))
		}
		entries, err := os.ReadDir(home)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		for _, entry := range entries {
			if !entry.Type().IsRegular() || !strings.HasSuffix(entry.Name(), ".log") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(home, entry.Name()))
			if err != nil {
				errs = append(errs, err)
			}
			out.logs = append(out.logs, nodeLog{id.String(), entry.Name(), text})
		}
	}
	return out, errors.Join(errs...)
}
