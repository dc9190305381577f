package host

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"sunder/nodes"
)

// A frame is a length of four bytes, big-endian, and that many bytes: the version of the format,
// the message's kind, and what the message appended. The first frame of a connection is a hello.
const (
	frameVersion = 1
	frameMax     = 1 << 20 // bytes after the length: a snapshot travels in smaller chunks
	frameHead    = 2       // version and kind
)

var errFrame = errors.New("malformed frame")

// appendFrame appends m as a frame, or says that it is too large.
func appendFrame(b []byte, m nodes.Message) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0, frameVersion, m.Kind())
	b = m.AppendTo(b)
	n := len(b) - start - 4
	if n > frameMax {
		return b[:start], fmt.Errorf("frame message of kind %d: %d bytes, at most %d",
			m.Kind(), n, frameMax)
	}
	binary.BigEndian.PutUint32(b[start:], uint32(n))
	return b, nil
}

// readFrame reads one frame. A length beyond the limit is refused before anything is allocated;
// the payload is the caller's to keep.
func readFrame(r io.Reader) (kind uint8, payload []byte, err error) {
	var head [4 + frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	switch {
	case n < frameHead || n > frameMax:
		return 0, nil, fmt.Errorf("read frame of %d bytes, at most %d: %w", n, frameMax, errFrame)
	case head[4] != frameVersion:
		return 0, nil, fmt.Errorf("read frame of version %d, want %d: %w",
			head[4], frameVersion, errFrame)
	}
	payload = make([]byte, n-frameHead)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, fmt.Errorf("read frame of %d bytes: %w", n, io.ErrUnexpectedEOF)
	}
	return head[5], payload, nil
}

// hello is what a connection says first: it keeps a node from hearing a stranger that was given
// the address of a former peer.
type hello struct {
	Cluster string   `json:"cluster"`
	From    nodes.ID `json:"from"`
	To      nodes.ID `json:"to"`
}

// hello is a message, so that it travels as a frame.
func (hello) Kind() uint8   { return 0 }
func (hello) Ident() uint64 { return 0 }

func (h hello) AppendTo(b []byte) []byte {
	text, err := json.Marshal(h)
	if err != nil {
		panic(fmt.Sprintf("host: a hello always marshals: %v", err))
	}
	return append(b, text...)
}

func readHello(r io.Reader) (hello, error) {
	var h hello
	_, payload, err := readFrame(r)
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(payload, &h); err != nil {
		return h, fmt.Errorf("read hello: %w", errFrame)
	}
	return h, nil
}
