package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// List are the directories of all runs in the store at root, the newest first. A store that was
// never written is empty.
func List(root string) ([]string, error) {
	tests, err := os.ReadDir(root)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list store: %w", err)
	}
	var dirs []string
	for _, t := range tests {
		if !t.IsDir() { // latest is a link
			continue
		}
		runs, err := os.ReadDir(filepath.Join(root, t.Name()))
		if err != nil {
			return nil, fmt.Errorf("list store: %w", err)
		}
		for _, d := range runs {
			dir := filepath.Join(root, t.Name(), d.Name())
			if _, err := os.Stat(filepath.Join(dir, PlanFile)); d.IsDir() && err == nil {
				dirs = append(dirs, dir)
			}
		}
	}
	slices.SortFunc(dirs, func(a, b string) int {
		return strings.Compare(filepath.Base(b), filepath.Base(a))
	})
	return dirs, nil
}
