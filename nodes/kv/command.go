// Package kv is the small state machine that every system replicates, and the common tongue of
// workloads and systems: commands, results, and the machine itself with client sessions. It is
// pure. A black box says which of these commands it can do.
package kv

import "fmt"

// Op says what a command does.
type Op uint8

// The operations. Values are integers; lists, sets and queues hold integers.
const (
	Read        Op = iota + 1 // answers the register's value, or that there is none
	Write                     // sets the register to Arg
	CAS                       // sets the register to Arg if it is Old, else fails: cas-mismatch
	Propose                   // sets the register to Arg unless it was ever set; answers its value
	Append                    // appends Arg to the list
	ReadList                  // answers the list
	Add                       // adds Arg to the counter and answers the sum
	ReadCounter               // answers the sum
	SetAdd                    // adds Arg to the set
	ReadSet                   // answers the set, ascending
	Enqueue                   // appends Arg to the queue
	Dequeue                   // takes and answers the oldest element, or that there is none
	ReadQueue                 // answers the queue, oldest first
	Lock                      // takes the lock for owner Arg, answers its fencing token; lock-held
	Unlock                    // gives back the lock of owner Arg; not the owner: not-owner
	ReadLock                  // answers the lock's owner, or that there is none
	Txn                       // does all of Txn's commands at one point; any failure undoes all
	OpenSession               // answers a new session
)

var opNames = [...]string{Read: "read", Write: "write", CAS: "cas", Propose: "propose",
	Append: "append", ReadList: "read-list", Add: "add", ReadCounter: "read-counter",
	SetAdd: "set-add", ReadSet: "read-set", Enqueue: "enqueue", Dequeue: "dequeue",
	ReadQueue: "read-queue", Lock: "lock", Unlock: "unlock", ReadLock: "read-lock", Txn: "txn",
	OpenSession: "open-session"}

// String is the operation's name, as clients write it.
func (o Op) String() string {
	if int(o) >= len(opNames) || o == 0 {
		return fmt.Sprintf("op(%d)", uint8(o))
	}
	return opNames[o]
}

// MarshalText writes the name.
func (o Op) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a name.
func (o *Op) UnmarshalText(text []byte) error {
	for i, name := range opNames {
		if name != "" && name == string(text) {
			*o = Op(i)
			return nil
		}
	}
	return fmt.Errorf("read operation: %.40q is none of %v", text, opNames[1:])
}

// ReadOnly says that the operation changes nothing, so that a lost answer is a definite failure.
func (o Op) ReadOnly() bool {
	switch o {
	case Read, ReadList, ReadCounter, ReadSet, ReadQueue, ReadLock:
		return true
	}
	return false
}

// Command is one thing that a client asks of the state machine. With a Session, the command of
// one Seq takes effect at most once however often it is sent (Ongaro's thesis, section 6.3);
// each session has one command open at a time and counts Seq up from 1.
type Command struct {
	Op      Op        `json:"op"`
	Key     string    `json:"key,omitempty"`
	Arg     int64     `json:"value,omitempty"`
	Old     int64     `json:"old,omitempty"` // CAS: the value that must be there
	Session uint64    `json:"session,omitempty"`
	Seq     uint64    `json:"seq,omitempty"`
	Txn     []Command `json:"txn,omitempty"`
}

// ReadOnly says that the command changes nothing: a read, or a transaction of reads.
func (c Command) ReadOnly() bool {
	if c.Op != Txn {
		return c.Op.ReadOnly()
	}
	for _, sub := range c.Txn {
		if !sub.Op.ReadOnly() {
			return false
		}
	}
	return true
}

// Status says how a command ended.
type Status uint8

// The statuses. When in doubt, Indefinite is always safe.
const (
	OK         Status = iota + 1 // it took effect
	Definite                     // it did not take effect and never will
	Indefinite                   // nobody can tell
)

var statusNames = [...]string{OK: "ok", Definite: "definite", Indefinite: "indefinite"}

// String is the status's name.
func (s Status) String() string {
	if int(s) >= len(statusNames) || s == 0 {
		return fmt.Sprintf("status(%d)", uint8(s))
	}
	return statusNames[s]
}

// MarshalText writes the name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name.
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statusNames {
		if name != "" && name == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("read status: %.40q is none of %v", text, statusNames[1:])
}

// The codes of results that are not OK, as the state machine and the protocols give them.
const (
	CASMismatch    = "cas-mismatch"    // definite: the value was not Old
	LockHeld       = "lock-held"       // definite
	NotOwner       = "not-owner"       // definite
	BadCommand     = "bad-command"     // definite: the machine has no such command
	NotLeader      = "not-leader"      // definite: refused before anything was appended
	ServesNobody   = "serves-nobody"   // definite: the node has no state, and is asked in vain
	Overloaded     = "overloaded"      // definite: refused before anything was appended
	LeadershipLost = "leadership-lost" // indefinite: appended, then the leader was deposed
	Stopped        = "stopped"         // indefinite: the node stopped with the command open
	SessionExpired = "session-expired" // indefinite: an earlier sending may have taken effect
	StaleSequence  = "stale-sequence"  // indefinite: a later command of the session was seen
)

// Result is the answer to a command.
type Result struct {
	Status Status   `json:"status"`
	Code   string   `json:"code,omitempty"`   // why it is not OK
	Hint   string   `json:"leader,omitempty"` // not-leader: who may be the leader
	Found  bool     `json:"found,omitempty"`  // there was a value
	Value  int64    `json:"value,omitempty"`
	Values []int64  `json:"values,omitempty"`
	Txn    []Result `json:"txn,omitempty"` // one for each command of a transaction
}

// Refuse is a definite failure with a code.
func Refuse(code string) Result { return Result{Status: Definite, Code: code} }

// Doubt is an indefinite failure with a code.
func Doubt(code string) Result { return Result{Status: Indefinite, Code: code} }
