package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// nodePath is where a node's file is kept: nodes/<node>/<name>, whatever the two say.
func nodePath(node, name string) string {
	path := filepath.Join("nodes", clean(node))
	for part := range strings.SplitSeq(name, "/") {
		if part != "" && part != "." {
			path = filepath.Join(path, clean(part))
		}
	}
	return path
}

// Node creates a file that belongs to a node: its log, its observations, a file of its data
// directory. The name may have directories; neither it nor the node's can lead out of the run.
func (r *Run) Node(node, name string) (*os.File, error) {
	path := nodePath(node, name)
	if err := r.root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("create node file: %w", err)
	}
	f, err := r.root.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create node file: %w", err)
	}
	return f, nil
}

// Tail reads the last bytes of a node's file, at most so many.
func (r *Run) Tail(node, name string, most int64) (text []byte, err error) {
	f, err := r.root.Open(nodePath(node, name))
	if err != nil {
		return nil, fmt.Errorf("read node file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read node file: %w", err)
	}
	from := max(0, info.Size()-most)
	text, err = io.ReadAll(io.NewSectionReader(f, from, most))
	if err != nil {
		return nil, fmt.Errorf("read node file: %w", err)
	}
	return text, nil
}
