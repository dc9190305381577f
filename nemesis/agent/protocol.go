package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"sunder/nemesis"
)

// version is the protocol's; both ends must be of the same one, and Hello compares them.
const version = 1

// A line is a request or a reply. The largest ones carry some bytes for each peer.
const lineMax = 256 << 10

// What a harness can say without the agent keeping more than it can hold.
const (
	peersMax = 256
	leaseMin = 10 * time.Millisecond
	leaseMax = time.Hour
)

var errLineTooLong = fmt.Errorf("line longer than %d bytes", lineMax)

// The requests.
const (
	opHello = "hello" // version, peers and lease; the first line of a connection
	opApply = "apply" // make it so, and show
	opRead  = "read"  // show
	opPing  = "ping"  // the harness lives
	opProbe = "probe" // send every peer a packet
)

type request struct {
	ID      uint64                `json:"id"`
	Op      string                `json:"op"`
	Version int                   `json:"version,omitempty"`
	Peers   map[string]netip.Addr `json:"peers,omitempty"`
	Lease   time.Duration         `json:"lease,omitempty"`
	State   *nemesis.State        `json:"state,omitempty"`
}

type reply struct {
	ID       uint64    `json:"id"` // the request's; 0 answers a line that was no request
	Error    string    `json:"error,omitempty"`
	Evidence *Evidence `json:"evidence,omitempty"`
}

// decodeRequest reads one line. It accepts nothing it does not know, so that two versions never
// half understand each other.
func decodeRequest(line []byte) (request, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	var r request
	if err := d.Decode(&r); err != nil {
		return request{}, fmt.Errorf("decode request: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("decode request: more than one value on the line")
	}
	return r, r.check()
}

// check says what is wrong with a request before anything is done for it.
func (r request) check() error {
	switch {
	case r.ID == 0:
		return errors.New("check request: id 0 is no id")
	case r.Op == opApply && r.State == nil:
		return errors.New("check apply: no state")
	case r.Op == opHello && r.Version != version:
		return fmt.Errorf("check hello: version %d, this agent speaks %d", r.Version, version)
	case r.Op == opHello && (r.Lease < leaseMin || r.Lease > leaseMax):
		return fmt.Errorf("check hello: lease %v is not in %v to %v", r.Lease, leaseMin, leaseMax)
	case len(r.Peers) > peersMax:
		return fmt.Errorf("check hello: %d peers, at most %d", len(r.Peers), peersMax)
	case r.Op != opHello && r.Op != opApply && r.Op != opRead && r.Op != opPing &&
		r.Op != opProbe:
		return fmt.Errorf("check request: unknown op %.20q", r.Op)
	}
	for name, a := range r.Peers {
		if name == "" || !a.IsValid() {
			return fmt.Errorf("check hello: peer %.40q has the address %v", name, a)
		}
	}
	return nil
}

// lines reads lines of bounded length; one that is too long is skipped, and the next one is read
// as if nothing had been.
type lines struct{ r *bufio.Reader }

func newLines(r io.Reader) lines { return lines{bufio.NewReaderSize(r, lineMax)} }

// next is the next line without its end; it is valid until the next call. A line that the peer
// did not finish is no line.
func (l lines) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	for skipped := false; ; skipped = true {
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			line, err = l.r.ReadSlice('\n')
			continue
		case err != nil:
			return nil, err
		case skipped:
			return nil, errLineTooLong
		}
		return line[:len(line)-1], nil
	}
}
