package elle

import (
	"errors"
	"fmt"
	"strconv"

	"sunder/harness/history"
)

// Txn is one transaction.
type Txn struct {
	Index        int // history index of its invocation
	Call, Return int // history indexes; Return is noReturn for one that may not have happened
	Process      history.Process
	Kind         history.Kind
	Mops         []Mop
}

const noReturn = int(^uint(0) >> 1)

// Mop is one step of a transaction. A read of a list answers List, a read of a register Value.
type Mop struct {
	Key   int32
	Write bool // append, or write
	Known bool // a read was answered
	Value int64
	List  []int64
}

// nothing is the Value of a read that found none.
const nothing = int64(-1) << 63

// Txns is the transactions of a history and the names of what they touch.
type Txns struct {
	All   []Txn
	Keys  []string
	words map[string]int64 // values that are no integers
	names map[int64]string
	keyID map[string]int32

	mops  []Mop   // room for those of transactions to come
	lists []int64 // and for what they read
	spare []Mop   // the transaction being read
	long  []int64 // the list being read
}

// Parse reads the operations of clients as transactions: lists of [function, key, value], where the
// function is append, w (or write), or r (or read).
func Parse(ops []history.Operation) (*Txns, error) {
	t := &Txns{All: make([]Txn, 0, len(ops)), words: make(map[string]int64),
		names: make(map[int64]string), keyID: make(map[string]int32)}
	for _, o := range ops {
		in := o.Invocation
		if in.Process == history.Nemesis {
			continue
		}
		txn := Txn{Index: in.Index, Call: in.Index, Return: noReturn, Process: in.Process, Kind: o.Kind()}
		text := in.Value
		if txn.Kind == history.OK {
			text, txn.Return = o.Completion.Value, o.Completion.Index
		}
		mops, err := t.parse(string(text), txn.Kind == history.OK)
		if err != nil {
			return nil, fmt.Errorf("read transaction of event %d: %w", in.Index, err)
		}
		txn.Mops = mops
		t.All = append(t.All, txn)
	}
	return t, nil
}

// scanner reads the JSON of a transaction.
type scanner struct {
	text string
	at   int
}

var errShape = errors.New("not a list of [function, key, value]")

func (s *scanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\n') {
		s.at++
	}
}

// is takes c if it comes next.
func (s *scanner) is(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// scalar takes a number, a string or a word, as it is written.
func (s *scanner) scalar() (string, bool) {
	s.space()
	begin := s.at
	if s.at < len(s.text) && s.text[s.at] == '"' {
		for s.at++; s.at < len(s.text) && s.text[s.at] != '"'; s.at++ {
			if s.text[s.at] == '\\' {
				s.at++
			}
		}
		s.at++
		return s.text[begin:min(s.at, len(s.text))], s.at <= len(s.text)
	}
	for s.at < len(s.text) && s.text[s.at] != ',' && s.text[s.at] != ']' && s.text[s.at] != ' ' &&
		s.text[s.at] != '[' {
		s.at++
	}
	return s.text[begin:s.at], s.at > begin
}

// short is how many digits every integer that is read the short way has at most.
const short = 18

// integer takes a short integer, if that is what comes next.
func (s *scanner) integer() (n int64, is bool) {
	s.space()
	at := s.at
	for ; at < len(s.text) && at-s.at <= short; at++ {
		c := s.text[at] - '0'
		if c > 9 {
			break
		}
		n = 10*n + int64(c)
	}
	if at == s.at || at-s.at > short || at == len(s.text) || s.text[at] != ',' && s.text[at] != ']' {
		return 0, false
	}
	s.at = at
	return n, true
}

func (t *Txns) parse(text string, ok bool) ([]Mop, error) {
	s := scanner{text: text}
	if !s.is('[') {
		return nil, errShape
	}
	mops := t.spare[:0]
	for !s.is(']') {
		if len(mops) > 0 && !s.is(',') || !s.is('[') {
			return nil, errShape
		}
		m, err := t.mop(&s, ok)
		if err != nil {
			return nil, err
		}
		mops = append(mops, m)
	}
	t.spare = mops
	if s.space(); s.at != len(text) {
		return nil, errShape
	}
	return keep(&t.mops, mops), nil
}

// keep copies in to room, and makes twice as much of it when there is none left.
func keep[T any](room *[]T, in []T) []T {
	const least, most = 1 << 5, 1 << 14
	if cap(*room)-len(*room) < len(in) {
		*room = make([]T, 0, max(min(2*cap(*room), most), least, len(in)))
	}
	begin := len(*room)
	*room = append(*room, in...)
	return (*room)[begin:len(*room):len(*room)]
}

// mop reads a step after its opening bracket.
func (t *Txns) mop(s *scanner, ok bool) (m Mop, err error) {
	f, has := s.scalar()
	if !has || !s.is(',') {
		return m, errShape
	}
	switch f {
	case `"append"`, `"w"`, `"write"`:
		m.Write = true
	case `"r"`, `"read"`:
		m.Known = ok
	default:
		return m, fmt.Errorf("no transaction can %.40s", f)
	}
	key, has := s.scalar()
	if !has || !s.is(',') {
		return m, errShape
	}
	m.Key = t.key(key)
	if s.is('[') {
		m.Value = nothing
		list := t.long[:0]
		for !s.is(']') {
			if len(list) > 0 && !s.is(',') {
				return m, errShape
			}
			v, has := t.next(s)
			if !has {
				return m, errShape
			}
			list = append(list, v)
		}
		t.long, m.List = list, keep(&t.lists, list)
	} else if m.Value, has = t.next(s); !has {
		return m, errShape
	}
	if !s.is(']') {
		return m, errShape
	}
	return m, nil
}

func (t *Txns) key(text string) int32 {
	id, known := t.keyID[text]
	if !known {
		id = int32(len(t.Keys))
		t.keyID[text] = id
		t.Keys = append(t.Keys, text)
	}
	return id
}

// next takes a value.
func (t *Txns) next(s *scanner) (v int64, has bool) {
	if v, is := s.integer(); is {
		return v, true
	}
	text, has := s.scalar()
	if !has {
		return 0, false
	}
	return t.value(text), true
}

// value is an integer as itself, null as nothing, and any other text as a number of its own.
func (t *Txns) value(text string) int64 {
	if text == "null" {
		return nothing
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n > nothing/2 {
		return n
	}
	n, known := t.words[text]
	if !known {
		n = nothing + 1 + int64(len(t.words))
		t.words[text] = n
		t.names[n] = text
	}
	return n
}

// say is a value as it was written.
func (t *Txns) say(v int64) string {
	if v == nothing {
		return "nothing"
	}
	if name, is := t.names[v]; is {
		return name
	}
	return strconv.FormatInt(v, 10)
}
