package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// Limits of the writer. A killed harness loses at most what came in since the last flush.
const (
	flushBytes = 64 << 10               // buffered bytes that force a flush
	flushEvery = 100 * time.Millisecond // history time after which the next event forces one
)

// Writer appends events to a stream as JSON Lines, one event a line. It numbers them. It is not
// safe for concurrent use: one thread writes a history.
type Writer struct {
	w       *bufio.Writer
	buf     []byte
	next    int
	flushed time.Duration
}

// NewWriter writes to w, which it does not close.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, flushBytes)} }

// Append numbers e, writes it, and returns it as written.
func (w *Writer) Append(e Event) (Event, error) {
	e.Index = w.next
	w.next++
	w.buf = append(AppendJSON(w.buf[:0], e), '\n')
	if _, err := w.w.Write(w.buf); err != nil {
		return e, fmt.Errorf("append event %d: %w", e.Index, err)
	}
	if e.Time-w.flushed >= flushEvery {
		w.flushed = e.Time
		return e, w.Flush()
	}
	return e, nil
}

// Flush hands everything on to the stream. Call it before a wait that may be long.
func (w *Writer) Flush() error {
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("flush history: %w", err)
	}
	return nil
}

// AppendJSON appends e as one JSON object without a line end.
func AppendJSON(b []byte, e Event) []byte {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, int64(e.Index), 10)
	b = append(b, `,"time":`...)
	b = strconv.AppendInt(b, int64(e.Time), 10)
	b = append(b, `,"process":`...)
	b = strconv.AppendInt(b, int64(e.Process), 10)
	b = append(b, `,"type":"`...)
	b = append(b, e.Kind.String()...)
	b = append(b, '"')
	b = appendField(b, "f", e.F)
	b = appendField(b, "key", e.Key)
	b = appendField(b, "node", e.Node)
	if e.Value != "" {
		b = append(b, `,"value":`...)
		b = append(b, e.Value...)
	}
	b = appendField(b, "error", e.Error)
	return append(b, '}')
}

func appendField(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
