// Package foreign reads histories that others recorded: Jepsen's, in EDN, in JSON, and in the text
// logs of old; porcupine's key-value logs; and Sunder's own. Events are numbered anew. Nothing is
// skipped: what cannot be read is an error with its line and column.
package foreign

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"sunder/checker/edn"
	"sunder/harness/history"
)

// Format is a notation of histories.
type Format uint8

// The formats.
const (
	Own  Format = iota + 1 // JSON Lines, as package history writes them
	EDN                    // maps of :process, :type, :f, :value; in one list, or one after another
	JSON                   // the same in JSON
	Text                   // lines of jepsen.util: process, type, function and value between tabs
)

var formatNames = [...]string{Own: "sunder", EDN: "edn", JSON: "json", Text: "jepsen.util"}

// String is the format's name.
func (f Format) String() string {
	if f < Own || f > Text {
		return "none"
	}
	return formatNames[f]
}

// ErrTorn says that the last line of a history of Sunder's own is incomplete. What was read of it
// is a history: the harness was killed.
var ErrTorn = errors.New("the last line is torn")

// Read reads a history in whatever format it is, and says which.
func Read(r io.Reader) ([]history.Event, Format, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(512)
	if err != nil && err != io.EOF {
		return nil, 0, fmt.Errorf("read history: %w", err)
	}
	f := detect(head)
	var events []history.Event
	switch f {
	case Own:
		var torn bool
		if events, torn, err = history.Read(in); err == nil && torn {
			err = ErrTorn
		}
	case Text:
		events, err = readText(in)
	case JSON:
		events, err = readJSON(in)
	default:
		events, err = readEDN(in)
	}
	if err != nil {
		err = fmt.Errorf("read %v history: %w", f, err)
	}
	return events, f, err
}

func detect(head []byte) Format {
	head = bytes.TrimLeft(head, " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("INFO")):
		return Text
	case bytes.HasPrefix(head, []byte(`{"index":0,"time"`)):
		return Own
	}
	inner := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("[")), " \t\r\n")
	if bytes.HasPrefix(inner, []byte(`{"`)) {
		return JSON
	}
	return EDN
}

func readEDN(r io.Reader) ([]history.Event, error) {
	d := edn.NewDecoder(r)
	var b builder
	for {
		v, err := d.Next()
		if err == io.EOF {
			return b.events, nil
		}
		if err != nil {
			return b.events, err
		}
		if err := b.addAll(v); err != nil {
			line, column := d.Position()
			return b.events, fmt.Errorf("edn line %d, column %d: %w", line, column, err)
		}
	}
}

// builder makes events of records.
type builder struct {
	events []history.Event
	alive  map[string]history.Process // by name in the file; gone after an info
	used   map[history.Process]bool
	next   history.Process // for processes that need another number
}

// renamed begins the numbers of processes whose own are taken.
const renamed = 1 << 24

// addAll adds a record, or all records of a list.
func (b *builder) addAll(v any) error {
	if t, is := v.(edn.Tagged); is {
		v = t.Value
	}
	switch v := v.(type) {
	case edn.Map:
		return b.add(v)
	case edn.List:
		for i, e := range v {
			if t, is := e.(edn.Tagged); is {
				e = t.Value
			}
			m, is := e.(edn.Map)
			if !is {
				return fmt.Errorf("element %d of the list is no map", i)
			}
			if err := b.add(m); err != nil {
				return fmt.Errorf("element %d of the list: %w", i, err)
			}
		}
		return nil
	}
	return fmt.Errorf("%.40q is neither an operation nor a list of them", edn.AppendJSON(nil, v))
}

func (b *builder) add(m edn.Map) error {
	e := history.Event{Index: len(b.events), F: "txn"}
	kind, err := word(m, "type")
	if err != nil {
		return err
	}
	for k := history.Invoke; k <= history.Info; k++ {
		if k.String() == kind {
			e.Kind = k
		}
	}
	if e.Kind == 0 {
		return fmt.Errorf("type %.20q is none of invoke, ok, fail, info", kind)
	}
	if _, has := m.Get("f"); has {
		if e.F, err = word(m, "f"); err != nil {
			return err
		}
	}
	if v, has := m.Get("key"); has && v != nil {
		e.Key = edn.Name(v)
	}
	if v, has := m.Get("value"); has {
		e.Value = history.Value(edn.AppendJSON(nil, v))
	}
	if v, has := m.Get("error"); has && v != nil {
		e.Error = edn.Name(v)
	}
	if v, has := m.Get("time"); has {
		if n, is := v.(int64); is {
			e.Time = time.Duration(n)
		}
	}
	process, _ := m.Get("process") // none: there is only one
	return b.append(e, process)
}

// append gives the event its process. A client process that returns after an info, as hand-made
// histories have it, is another process.
func (b *builder) append(e history.Event, process any) error {
	name := edn.Name(process)
	if name == "nemesis" {
		return b.nemesis(e)
	}
	if b.alive == nil {
		b.alive, b.used = make(map[string]history.Process), make(map[history.Process]bool)
		b.next = renamed
	}
	p, known := b.alive[name]
	if !known {
		p = 0
		n, is := process.(int64)
		if is && n >= 0 && n < math.MaxInt32 {
			p = history.Process(n)
		}
		if b.used[p] || process != nil && !is {
			p = b.next
			b.next++
		}
		b.alive[name], b.used[p] = p, true
	}
	if e.Kind == history.Info {
		delete(b.alive, name)
	}
	e.Process = p
	b.events = append(b.events, e)
	return nil
}

// nemesis adds an event of the nemesis. Jepsen writes both halves of its operations as info: every
// second one completes.
func (b *builder) nemesis(e history.Event) error {
	e.Process = history.Nemesis
	if e.Kind == history.Info && !b.nemesisOpen() {
		e.Kind = history.Invoke
	}
	b.events = append(b.events, e)
	return nil
}

func (b *builder) nemesisOpen() bool {
	for i := len(b.events) - 1; i >= 0; i-- {
		if b.events[i].Process == history.Nemesis {
			return b.events[i].Kind == history.Invoke
		}
	}
	return false
}

func word(m edn.Map, key edn.Keyword) (string, error) {
	v, has := m.Get(key)
	if !has || v == nil {
		return "", fmt.Errorf("no :%s", key)
	}
	return edn.Name(v), nil
}
