package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"sunder/nodes"
)

// observer appends what the node observes of itself to a file, one JSON object a line. The file
// outlives the boots of the node, and is no business of the node's disk: faults that destroy what
// a node wrote must not destroy what is known about it.
type observer struct {
	file *os.File
	node nodes.ID
	boot uint64
	seq  uint64
	buf  []byte
}

// tornMax is more than any line takes: a line end is found within so much of the file's end.
const tornMax = 64 << 10

// openObserver counts a boot and readies the file: what a kill left of the last line is cut.
func openObserver(path string, node nodes.ID) (*observer, error) {
	boot, err := countBoot(path + ".boot")
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open observations: %w", err)
	}
	if err := cutTorn(file); err != nil {
		return nil, errors.Join(fmt.Errorf("open observations: %w", err), file.Close())
	}
	return &observer{file: file, node: node, boot: boot}, nil
}

// countBoot is the number after the one in the file, which it replaces: the first boot is 1.
func countBoot(path string) (uint64, error) {
	var last uint64
	text, err := os.ReadFile(path)
	if err == nil {
		last, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return 0, fmt.Errorf("count boots: %w", err)
	}
	next := strconv.AppendUint(nil, last+1, 10)
	if err := os.WriteFile(path+".new", append(next, '\n'), 0o644); err != nil {
		return 0, fmt.Errorf("count boots: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return 0, fmt.Errorf("count boots: %w", err)
	}
	return last + 1, nil
}

// cutTorn cuts what stands after the last line end.
func cutTorn(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	from := max(0, info.Size()-tornMax)
	tail := make([]byte, info.Size()-from)
	if _, err := file.ReadAt(tail, from); err != nil {
		return err
	}
	whole := bytes.LastIndexByte(tail, '\n') + 1
	if whole == 0 && from > 0 {
		return fmt.Errorf("no line end in the last %d bytes", tornMax)
	}
	if whole == len(tail) {
		return nil
	}
	return file.Truncate(from + int64(whole))
}

// add takes an observation down. Its time is that of the machine's raw clock: no fault touches
// it, and the containers of one machine share it.
func (o *observer) add(x nodes.Observation) {
	line := nodes.Observed{Node: o.node, Boot: o.boot, Seq: o.seq, Time: rawClock(), Observation: x}
	o.seq++
	o.buf = append(line.AppendJSON(o.buf), '\n')
}

// flush writes what was taken down. A line that only the kernel has survives a kill of the
// process, which is all that an oracle needs; there is no fsync.
func (o *observer) flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	_, err := o.file.Write(o.buf)
	o.buf = o.buf[:0]
	if err != nil {
		return fmt.Errorf("write observations: %w", err)
	}
	return nil
}

func (o *observer) Close() error { return errors.Join(o.flush(), o.file.Close()) }
