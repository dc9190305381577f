package foreign

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"sunder/checker/edn"
	"sunder/harness/history"
)

// lineMax is the longest line of a text log.
const lineMax = 1 << 20

// depthMax bounds the nesting of JSON.
const depthMax = 200

// readText reads lines such as "INFO  jepsen.util - 0 :invoke :read nil".
func readText(r io.Reader) ([]history.Event, error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, lineMax)
	var b builder
	for n := 1; in.Scan(); n++ {
		_, text, found := strings.Cut(in.Text(), " - ")
		fields := textFields(text)
		if !found || len(fields) < 4 {
			return b.events, fmt.Errorf("line %d: no process, type, function and value", n)
		}
		m := edn.Map{}
		for i, key := range []edn.Keyword{"process", "type", "f", "value"} {
			v, err := edn.NewDecoder(strings.NewReader(fields[i])).Next()
			if err != nil {
				return b.events, fmt.Errorf("line %d: :%s: %w", n, key, err)
			}
			m = append(m, edn.Entry{Key: key, Value: v})
		}
		if err := b.add(m); err != nil {
			return b.events, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return b.events, in.Err()
}

// textFields are process, type, function and value, which may hold spaces.
func textFields(text string) []string {
	var out []string
	for range 3 {
		text = strings.TrimLeft(text, " \t")
		end := strings.IndexAny(text, " \t")
		if end < 0 {
			return out
		}
		out = append(out, text[:end])
		text = text[end:]
	}
	return append(out, strings.TrimSpace(text))
}

// readJSON reads objects in one array, or one after another.
func readJSON(r io.Reader) ([]history.Event, error) {
	lines := &lineCounter{r: r}
	d := json.NewDecoder(lines)
	d.UseNumber()
	var b builder
	for {
		v, err := jsonValue(d, 0)
		if err == io.EOF {
			return b.events, nil
		}
		if err == nil {
			err = b.addAll(v)
		}
		if err != nil {
			line, column := lines.position(d.InputOffset())
			return b.events, fmt.Errorf("line %d, column %d: %w", line, column, err)
		}
	}
}

// jsonValue reads a JSON value as the EDN value that says the same.
func jsonValue(d *json.Decoder, depth int) (any, error) {
	if depth > depthMax {
		return nil, fmt.Errorf("nested more than %d deep", depthMax)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	v, err := jsonFrom(d, t, depth)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}

func jsonFrom(d *json.Decoder, t json.Token, depth int) (any, error) {
	switch t := t.(type) {
	case json.Number:
		return edn.NewDecoder(strings.NewReader(t.String())).Next()
	case json.Delim:
		if t == '[' {
			return jsonList(d, depth)
		}
		return jsonMap(d, depth)
	}
	return t, nil // nil, bool or string
}

func jsonList(d *json.Decoder, depth int) (any, error) {
	out := edn.List{}
	for d.More() {
		v, err := jsonValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.Token()
	return out, err
}

func jsonMap(d *json.Decoder, depth int) (any, error) {
	out := edn.Map{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, is := key.(string)
		if !is {
			return nil, errors.New("a key that is no string")
		}
		v, err := jsonValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, edn.Entry{Key: edn.Keyword(name), Value: v})
	}
	_, err := d.Token()
	return out, err
}

// lineCounter remembers where the lines of a stream begin.
type lineCounter struct {
	r     io.Reader
	read  int64
	ended []int64 // offsets after each line end
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.ended = append(l.ended, l.read+int64(i)+1)
		}
	}
	l.read += int64(n)
	return n, err
}

func (l *lineCounter) position(offset int64) (line, column int64) {
	line, begin := int64(1), int64(0)
	for _, end := range l.ended {
		if end > offset {
			break
		}
		line, begin = line+1, end
	}
	return line, offset - begin + 1
}
