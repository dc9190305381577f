package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"sunder/nodes"
)

// nameMax is how long the name of a node's file may be.
const nameMax = 64

// validName says whether f may name a file: 1 to 64 of [a-z0-9.-], and no directory.
func validName(f nodes.File) bool {
	if len(f) == 0 || len(f) > nameMax || f == "." || f == ".." {
		return false
	}
	return strings.Trim(string(f), "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// mustName is f. A node makes its names itself, so a bad one is a mistake in the node.
func mustName(f nodes.File) nodes.File {
	if !validName(f) {
		panic(fmt.Sprintf("host: a node's file is named with at most %d of [a-z0-9.-], not %.80q",
			nameMax, string(f)))
	}
	return f
}

// directory keeps a node's files in a directory, and open once they were used. What else is in
// there (its name is no File's) is left alone.
type directory struct {
	root *os.Root
	open map[nodes.File]*os.File
}

func openDirectory(path string) (files, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	return &directory{root: root, open: make(map[nodes.File]*os.File)}, nil
}

func (d *directory) Read() ([]nodes.Recovered, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("read data directory: %w", err)
	}
	var found []nodes.Recovered
	for _, e := range entries {
		if !e.Type().IsRegular() || !validName(nodes.File(e.Name())) {
			continue
		}
		data, err := d.root.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read data directory: %w", err)
		}
		found = append(found, nodes.Recovered{Name: nodes.File(e.Name()), Data: data})
	}
	return found, nil
}

// handle is f, open. Only an append makes a file.
func (d *directory) handle(f nodes.File, flag int) (*os.File, error) {
	if h := d.open[f]; h != nil {
		return h, nil
	}
	h, err := d.root.OpenFile(string(f), os.O_WRONLY|os.O_APPEND|flag, 0o644)
	if err == nil {
		d.open[f] = h
	}
	return h, err
}

func (d *directory) Append(f nodes.File, p []byte) error {
	h, err := d.handle(f, os.O_CREATE)
	if err != nil {
		return err
	}
	_, err = h.Write(p)
	return err
}

func (d *directory) Truncate(f nodes.File, size int64) error {
	h, err := d.handle(f, 0)
	if err != nil {
		return err
	}
	return h.Truncate(size)
}

func (d *directory) Rename(from, to nodes.File) error {
	if err := d.root.Rename(string(from), string(to)); err != nil {
		return err
	}
	err := d.forget(to)
	if h := d.open[from]; h != nil {
		d.open[to] = h
		delete(d.open, from)
	}
	return err
}

// Remove removes f; that it is not there is fine.
func (d *directory) Remove(f nodes.File) error {
	err := d.root.Remove(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, d.forget(f))
}

func (d *directory) Sync(f nodes.File) error {
	if f == nodes.Dir {
		h, err := d.root.Open(".")
		if err != nil {
			return err
		}
		return errors.Join(h.Sync(), h.Close())
	}
	h, err := d.handle(f, 0)
	if err != nil {
		return err
	}
	return h.Sync()
}

func (d *directory) forget(f nodes.File) error {
	h := d.open[f]
	if h == nil {
		return nil
	}
	delete(d.open, f)
	return h.Close()
}

func (d *directory) Close() error {
	var err error
	for _, h := range d.open { // in any order
		err = errors.Join(err, h.Close())
	}
	clear(d.open)
	return errors.Join(err, d.root.Close())
}
