// Package edn reads extensible data notation (github.com/edn-format/edn), the form in which
// Jepsen stores histories. It reads untrusted text: nothing panics, depth is bounded, and an
// error says line and column.
package edn

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A value is nil, bool, int64, Big, float64, string, rune, Keyword, Symbol, List, Map or Tagged.
type (
	Keyword string // without its colon
	Symbol  string
	Big     string // an integer that no int64 holds, or that was written with an N
	List    []any  // a list, a vector or a set
)

// Map is a map in the order in which it was written.
type Map []Entry

// Entry is one key of a Map and its value.
type Entry struct{ Key, Value any }

// Get is the value of the keyword key, and whether there is one.
func (m Map) Get(key Keyword) (any, bool) {
	for _, e := range m {
		if e.Key == key {
			return e.Value, true
		}
	}
	return nil, false
}

// Tagged is a value with a tag before it: #inst "2026-01-01", or a record.
type Tagged struct {
	Tag   string
	Value any
}

// depthMax bounds nesting, tokenMax the length of a string or a name in bytes.
const (
	depthMax = 200
	tokenMax = 16 << 20

	digitsMax = 4096 // of an integer
)

// Decoder reads one value after the other from a stream.
type Decoder struct {
	in           *bufio.Reader
	line, column int // of what was read last
	lastColumn   int // before that, for unread
	depth        int
}

// NewDecoder reads from r.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{in: bufio.NewReaderSize(r, 1<<16), line: 1}
}

// Next is the next value. io.EOF says that there is none; the end within a value is another error.
func (d *Decoder) Next() (any, error) {
	for {
		c, err := d.skip()
		if err != nil {
			return nil, err
		}
		v, err := d.value(c)
		if err != nil || !hidden(v) {
			return v, err
		}
	}
}

// Position is the line and column, from 1, that the decoder has come to.
func (d *Decoder) Position() (line, column int) { return d.line, d.column }

func (d *Decoder) errorf(format string, args ...any) error {
	return fmt.Errorf("edn line %d, column %d: %w", d.line, d.column, fmt.Errorf(format, args...))
}

func (d *Decoder) read() (byte, error) {
	c, err := d.in.ReadByte()
	if err != nil {
		return 0, err
	}
	d.lastColumn = d.column
	d.column++
	if c == '\n' {
		d.line, d.column = d.line+1, 0
	}
	return c, nil
}

func (d *Decoder) unread(c byte) {
	if c == '\n' {
		d.line--
	}
	d.column = d.lastColumn
	if err := d.in.UnreadByte(); err != nil {
		panic("edn: unread without a read before it")
	}
}

// inside turns the end of the stream into an error: a value has begun.
func (d *Decoder) inside(err error) error {
	if errors.Is(err, io.EOF) {
		return d.errorf("%w", io.ErrUnexpectedEOF)
	}
	return err
}

// skip is the first byte that is neither space nor comment.
func (d *Decoder) skip() (byte, error) {
	for {
		c, err := d.read()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r', '\n', '\f', ',':
		case ';':
			for c != '\n' {
				if c, err = d.read(); err != nil {
					return 0, err
				}
			}
		default:
			return c, nil
		}
	}
}

// value reads the value that begins with c.
func (d *Decoder) value(c byte) (any, error) {
	if d.depth++; d.depth > depthMax {
		return nil, d.errorf("nested more than %d deep", depthMax)
	}
	defer func() { d.depth-- }()
	switch c {
	case '(':
		return d.list(')')
	case '[':
		return d.list(']')
	case '{':
		return d.dict()
	case '"':
		return d.text()
	case '\\':
		return d.char()
	case '#':
		return d.dispatch()
	case ')', ']', '}':
		return nil, d.errorf("%q closes nothing", c)
	}
	word, err := d.word(c)
	if err != nil {
		return nil, err
	}
	return d.atom(word)
}

func (d *Decoder) list(end byte) (List, error) {
	out := List{}
	for {
		c, err := d.skip()
		if err != nil {
			return nil, d.inside(err)
		}
		if c == end {
			return out, nil
		}
		v, err := d.value(c)
		if err != nil {
			return nil, err
		}
		if !hidden(v) {
			out = append(out, v)
		}
	}
}

func (d *Decoder) dict() (Map, error) {
	all, err := d.list('}')
	if err != nil {
		return nil, err
	}
	if len(all)%2 != 0 {
		return nil, d.errorf("a map with a key that has no value")
	}
	m := make(Map, 0, len(all)/2)
	for i := 0; i < len(all); i += 2 {
		m = append(m, Entry{all[i], all[i+1]})
	}
	return m, nil
}

// discard stands for a value that #_ hides.
type discard struct{}

func hidden(v any) bool {
	_, is := v.(discard)
	return is
}

// dispatch reads what begins with a hash sign: a set, a hidden value, a tag.
func (d *Decoder) dispatch() (any, error) {
	c, err := d.read()
	if err != nil {
		return nil, d.inside(err)
	}
	switch c {
	case '{':
		return d.list('}')
	case '_':
		if c, err = d.skip(); err != nil {
			return nil, d.inside(err)
		}
		if _, err = d.value(c); err != nil {
			return nil, err
		}
		return discard{}, nil
	case '#':
		return d.special()
	}
	tag, err := d.word(c)
	if err != nil {
		return nil, err
	}
	if c, err = d.skip(); err != nil {
		return nil, d.inside(err)
	}
	v, err := d.value(c)
	if err != nil {
		return nil, err
	}
	if hidden(v) {
		return nil, d.errorf("tag %.40q has no value", tag)
	}
	return Tagged{tag, v}, nil
}

// special reads ##Inf, ##-Inf and ##NaN as symbols: no history computes with them.
func (d *Decoder) special() (any, error) {
	c, err := d.read()
	if err != nil {
		return nil, d.inside(err)
	}
	word, err := d.word(c)
	return Symbol(word), err
}

// word reads on until a delimiter.
func (d *Decoder) word(c byte) (string, error) {
	var b strings.Builder
	for {
		if b.Len() > tokenMax {
			return "", d.errorf("a name longer than %d bytes", tokenMax)
		}
		b.WriteByte(c)
		var err error
		if c, err = d.read(); err == io.EOF {
			return b.String(), nil
		} else if err != nil {
			return "", err
		}
		if strings.IndexByte(" \t\r\n\f,;()[]{}\"", c) >= 0 {
			d.unread(c)
			return b.String(), nil
		}
	}
}
