package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// lineMax is the longest line that is read. A final read of a large set is the longest there is.
const lineMax = 64 << 20

type line struct {
	Index   *int            `json:"index"`
	Time    int64           `json:"time"`
	Process *Process        `json:"process"`
	Type    string          `json:"type"`
	F       string          `json:"f"`
	Key     string          `json:"key"`
	Node    string          `json:"node"`
	Value   json.RawMessage `json:"value"`
	Error   string          `json:"error"`
}

// Read reads a history written by Writer. A last line without line end that does not parse was
// torn by a crash: it is dropped, and torn is true. Any other damage is an error with its line.
func Read(r io.Reader) (events []Event, torn bool, err error) {
	in := bufio.NewReaderSize(r, 1<<20)
	strings := make(interner)
	for n := 1; ; n++ {
		text, err := readLine(in)
		if err == io.EOF && len(text) == 0 {
			return events, false, nil
		}
		if err != nil && err != io.EOF {
			return events, false, fmt.Errorf("read history line %d: %w", n, err)
		}
		e, bad := parseLine(text, strings)
		if bad == nil && e.Index != len(events) {
			bad = fmt.Errorf("index %d, want %d", e.Index, len(events))
		}
		if bad != nil && err == io.EOF {
			return events, true, nil
		}
		if bad != nil {
			return events, false, fmt.Errorf("read history line %d: %w", n, bad)
		}
		events = append(events, e)
		if err == io.EOF {
			return events, false, nil
		}
	}
}

// ReadFile reads the history in the file at path, as Read does.
func ReadFile(path string) (events []Event, torn bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, fmt.Errorf("open history: %w", err)
	}
	defer f.Close()
	events, torn, err = Read(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return events, torn, err
}

// readLine returns a line without its end. io.EOF says that the end was missing.
func readLine(in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return bytes.TrimSuffix(text, []byte("\n")), err
	}
	long := bytes.Clone(text)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(long) > lineMax {
			return nil, fmt.Errorf("longer than %d bytes", lineMax)
		}
		text, err = in.ReadSlice('\n')
		long = append(long, text...)
	}
	return bytes.TrimSuffix(long, []byte("\n")), err
}

func parseLine(text []byte, strings interner) (Event, error) {
	var l line
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Event{}, err
	}
	if d.InputOffset() != int64(len(text)) {
		return Event{}, errors.New("more than one JSON value")
	}
	e := Event{Time: time.Duration(l.Time), F: strings.intern(l.F), Key: strings.intern(l.Key),
		Node: strings.intern(l.Node), Value: Value(strings.intern(string(l.Value))),
		Error: strings.intern(l.Error)}
	if l.Index == nil || l.Process == nil {
		return e, errors.New("index or process is missing")
	}
	e.Index, e.Process = *l.Index, *l.Process
	for k := Invoke; k <= Info; k++ {
		if kindNames[k] == l.Type {
			e.Kind = k
			return e, nil
		}
	}
	return e, fmt.Errorf("type %.20q is none of invoke, ok, fail, info", l.Type)
}

// internMax bounds the table: past it strings are no longer shared, only kept.
const internMax = 1 << 20

type interner map[string]string

func (in interner) intern(s string) string {
	if kept, ok := in[s]; ok {
		return kept
	}
	if len(in) < internMax && len(s) < 64 {
		in[s] = s
	}
	return s
}
