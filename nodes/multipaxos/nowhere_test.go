package multipaxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// nowhere is an Env in which nothing happens.
type nowhere struct{}

func (nowhere) Now() nodes.Mono                       { return 0 }
func (nowhere) Wall() time.Time                       { return time.Time{} }
func (nowhere) Rand(string, uint64) uint64            { return 0 }
func (nowhere) Send(nodes.ID, nodes.Message)          {}
func (nowhere) Reply(nodes.RequestID, kv.Result)      {}
func (nowhere) SetTimer(nodes.TimerID, time.Duration) {}
func (nowhere) StopTimer(nodes.TimerID)               {}
func (nowhere) Append(nodes.File, []byte)             {}
func (nowhere) Truncate(nodes.File, int64)            {}
func (nowhere) Rename(from, to nodes.File)            {}
func (nowhere) Remove(nodes.File)                     {}
func (nowhere) Sync(nodes.File, nodes.Token)          {}
func (nowhere) Stop(string)                           {}
func (nowhere) Observe(nodes.Observation)             {}
