package etcdraft

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"sunder/nodes"
)

const (
	// partMax bounds a message, in bytes: four of them fit into the host's frame. Only a snapshot
	// is ever larger; it travels in parts.
	partMax = 256 << 10
	// partsMax bounds the parts of a message, so that a peer cannot make us keep more.
	partsMax = 256
	kindPart = 255
)

// errEncoding is returned when bytes are not what they should encode.
var errEncoding = errors.New("malformed encoding")

// message is a message of the library, or a part of one, as it travels. It is encoded when it is
// sent and decoded when it is received, in every environment: the library changes messages that it
// forwards, and shares entries with those that it sent.
type message struct {
	kind uint8 // the library's type plus one, or kindPart
	body []byte
}

// Kind implements nodes.Message.
func (m *message) Kind() uint8 { return m.kind }

// Ident implements nodes.Message: the same bytes say the same thing.
func (m *message) Ident() uint64 {
	h := uint64(0xcbf29ce484222325) ^ uint64(m.kind)
	for _, c := range m.body {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return h
}

// AppendTo implements nodes.Message.
func (m *message) AppendTo(b []byte) []byte { return append(b, m.body...) }

// String says what is said, for golden tests and traces.
func (m *message) String() string {
	if m.kind == kindPart {
		id, at, of, data, _ := readPart(m.body)
		return fmt.Sprintf("part %d of %d of message %d, %d bytes", at+1, of, id, len(data))
	}
	in, err := read(m.kind, m.body)
	if err != nil {
		return err.Error()
	}
	return describe(in)
}

// pack encodes a message of the library. What one frame cannot hold becomes parts, which share id.
func pack(m *pb.Message, id uint64) []*message {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("etcdraft: a message always marshals: %v", err))
	}
	kind := uint8(m.GetType()) + 1
	if len(body) <= partMax {
		return []*message{{kind, body}}
	}
	of := (len(body) + partMax - 1) / partMax
	out := make([]*message, of)
	for at := range out {
		part := binary.AppendUvarint(nil, id)
		part = binary.AppendUvarint(part, uint64(at))
		part = binary.AppendUvarint(part, uint64(of))
		part = append(part, kind)
		piece := body[at*partMax : min((at+1)*partMax, len(body))]
		out[at] = &message{kindPart, append(part, piece...)}
	}
	return out
}

// readPart reads what pack wrote; data begins with the kind of the whole.
func readPart(p []byte) (id uint64, at, of int, data []byte, err error) {
	var fields [3]uint64
	for i := range fields {
		v, n := binary.Uvarint(p)
		if n <= 0 {
			return 0, 0, 0, nil, fmt.Errorf("decode part: %w", errEncoding)
		}
		fields[i], p = v, p[n:]
	}
	if fields[2] > partsMax || fields[1] >= fields[2] || len(p) < 2 || len(p) > partMax+1 {
		return 0, 0, 0, nil, fmt.Errorf("decode part of %d bytes: %w", len(p), errEncoding)
	}
	return fields[0], int(fields[1]), int(fields[2]), p, nil
}

// kinds is the library's names of its messages, as people know them: MsgApp, MsgVote.
func kinds() []string {
	out := make([]string, kindPart+1)
	for number, name := range pb.MessageType_name { // each has its own place
		out[number+1] = name
	}
	out[kindPart] = "part"
	return out
}

// decode checks what came from outside; Recv reads it again, for a message of its own.
func decode(kind uint8, p []byte) (nodes.Message, error) {
	var err error
	if kind == kindPart {
		_, _, _, _, err = readPart(p)
	} else {
		_, err = read(kind, p)
	}
	if err != nil {
		return nil, err
	}
	return &message{kind, p}, nil
}

// read decodes a message and refuses all that the library would panic on.
func read(kind uint8, p []byte) (*pb.Message, error) {
	m := new(pb.Message)
	if err := proto.Unmarshal(p, m); err != nil {
		return nil, fmt.Errorf("decode message of kind %d: %w: %w", kind, errEncoding, err)
	}
	if uint8(m.GetType())+1 != kind || !sane(m) {
		return nil, fmt.Errorf("decode message of kind %d and %d bytes: %w",
			kind, len(p), errEncoding)
	}
	return m, nil
}

// sane says whether a peer may say such a thing.
func sane(m *pb.Message) bool {
	switch m.GetType() {
	case pb.MsgApp:
		return inOrder(m)
	case pb.MsgSnap:
		s := m.GetSnapshot()
		return s.GetMetadata().GetIndex() > 0 && len(s.GetData()) >= 8
	case pb.MsgReadIndex, pb.MsgReadIndexResp:
		return len(m.GetEntries()) == 1
	case pb.MsgHeartbeat, pb.MsgHeartbeatResp:
		return len(m.GetContext()) == 0 || len(m.GetContext()) == 8
	case pb.MsgAppResp, pb.MsgVote, pb.MsgVoteResp, pb.MsgPreVote, pb.MsgPreVoteResp:
		return m.GetTerm() > 0
	}
	return false // local, or never sent by us
}

// inOrder says whether the entries follow the place that the message names.
func inOrder(m *pb.Message) bool {
	before := m.GetLogTerm()
	for i, e := range m.GetEntries() {
		if e.GetIndex() != m.GetIndex()+uint64(i)+1 || e.GetTerm() < before ||
			e.GetTerm() > m.GetTerm() || e.GetType() != pb.EntryNormal {
			return false
		}
		before = e.GetTerm()
	}
	return true
}

// collector puts the parts of one message of a peer together.
type collector struct {
	id    uint64
	parts [][]byte
	left  int
}

// add takes in a part, and returns the whole when it is complete. A part of another message begins
// anew: what is lost is sent again.
func (c *collector) add(p []byte) (kind uint8, body []byte, whole bool) {
	id, at, of, data, err := readPart(p)
	if err != nil {
		return 0, nil, false
	}
	if c.id != id || len(c.parts) != of {
		*c = collector{id: id, parts: make([][]byte, of), left: of}
	}
	if c.parts[at] == nil {
		c.parts[at] = data
		c.left--
	}
	if c.left > 0 {
		return 0, nil, false
	}
	for _, part := range c.parts {
		body = append(body, part[1:]...)
	}
	kind = data[0]
	*c = collector{}
	return kind, body, true
}

// describe says a message in words.
func describe(m *pb.Message) string {
	yes := map[bool]string{false: "yes", true: "no"}[m.GetReject()]
	switch m.GetType() {
	case pb.MsgPreVote, pb.MsgVote:
		return fmt.Sprintf("%s in term %d, my log ends at %d/%d", m.GetType(), m.GetTerm(),
			m.GetIndex(), m.GetLogTerm())
	case pb.MsgPreVoteResp, pb.MsgVoteResp:
		return fmt.Sprintf("%s %s, in term %d", m.GetType(), yes, m.GetTerm())
	case pb.MsgApp:
		return fmt.Sprintf("MsgApp of term %d, %d entries after %d/%d, commit %d", m.GetTerm(),
			len(m.GetEntries()), m.GetIndex(), m.GetLogTerm(), m.GetCommit())
	case pb.MsgAppResp:
		return fmt.Sprintf("MsgAppResp %s, up to %d, in term %d", yes, m.GetIndex(), m.GetTerm())
	case pb.MsgHeartbeat, pb.MsgHeartbeatResp:
		return fmt.Sprintf("%s of term %d, commit %d", m.GetType(), m.GetTerm(), m.GetCommit())
	case pb.MsgSnap:
		return fmt.Sprintf("MsgSnap of term %d, %s", m.GetTerm(),
			raft.DescribeSnapshot(m.GetSnapshot()))
	}
	return fmt.Sprintf("%s %d", m.GetType(), m.GetIndex())
}
