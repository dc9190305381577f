// Package wal frames the records of a write-ahead log, so that after a crash a reader can tell
// whole records from a torn tail, and a torn tail from damage.
//
// A record stands in its file as a header of 16 bytes and its payload:
//
//	CRC32C of all that follows   4 bytes, little endian
//	length of the payload        4 bytes, from 1 to RecordMax
//	durable                      8 bytes
//	payload
//
// durable is how many bytes of the file its writer knew to be on disk when it wrote the record.
// A power loss may keep later pages of a file and lose earlier ones, as long as nobody was told
// that they are safe. So whole records behind a broken one do not prove damage by themselves;
// one that says that the broken place was durable does (compare Alagappan et al., "Protocol-Aware
// Recovery for Consensus-Based Storage", FAST 2018, section 3.3.2).
package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	// HeaderSize is what a record takes in the file beside its payload, in bytes.
	HeaderSize = 16
	// RecordMax bounds a payload, in bytes. It is far above what any protocol writes, and small
	// enough that a damaged length is noticed.
	RecordMax = 1 << 20
)

// ErrDamaged is returned by Records when bytes that were once durable are not what was written.
var ErrDamaged = errors.New("damaged log")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Begin makes room for a record's header at the end of b. The caller appends the payload and
// then calls End.
func Begin(b []byte) []byte { return append(b, make([]byte, HeaderSize)...) }

// End completes the record that Begin opened when b was at bytes long. durable is the length of
// the file that is known to be on disk; 0 claims nothing and is always right.
func End(b []byte, at int, durable uint64) {
	payload := len(b) - at - HeaderSize
	if payload < 1 || payload > RecordMax {
		panic(fmt.Sprintf("wal: a record has 1 to %d bytes, not %d", RecordMax, payload))
	}
	binary.LittleEndian.PutUint32(b[at+4:], uint32(payload))
	binary.LittleEndian.PutUint64(b[at+8:], durable)
	binary.LittleEndian.PutUint32(b[at:], crc32.Checksum(b[at+4:], castagnoli))
}

// Records reads a file. It returns the payloads of the whole records at its start, which alias
// data, and the length that they take. What follows is a torn tail, to be cut off before anything
// is appended, unless the error is ErrDamaged: then a later record proves that the broken place
// had been durable, and nothing may be cut.
func Records(data []byte) (records [][]byte, good int, err error) {
	for good < len(data) {
		size, ok := record(data, good)
		if !ok {
			break
		}
		records = append(records, data[good+HeaderSize:good+size])
		good += size
	}
	for at := good + 1; at+HeaderSize < len(data); at++ {
		if _, ok := record(data, at); ok && durable(data, at) > uint64(good) {
			return records, good, fmt.Errorf("read log: byte %d of %d was durable: %w",
				good, len(data), ErrDamaged)
		}
	}
	return records, good, nil
}

// Unchecked reads a file as Records does, but takes every record for whole whose length fits. It
// is no way to read a log: it is there for the planted bug crc-unchecked.
func Unchecked(data []byte) (records [][]byte, good int) {
	for {
		size, ok := frame(data, good)
		if !ok {
			return records, good
		}
		records = append(records, data[good+HeaderSize:good+size])
		good += size
	}
}

// frame says how many bytes the record at that place would take, if it can be one by its length.
func frame(data []byte, at int) (size int, ok bool) {
	if len(data)-at <= HeaderSize {
		return 0, false
	}
	n := binary.LittleEndian.Uint32(data[at+4:])
	if n < 1 || n > RecordMax || int(n) > len(data)-at-HeaderSize {
		return 0, false
	}
	return HeaderSize + int(n), true
}

// record says how many bytes the record at that place takes, if a whole one begins there. The
// checks go from cheap to dear, so that a search for records is linear in anything but a file
// that was made to be slow.
func record(data []byte, at int) (size int, ok bool) {
	size, ok = frame(data, at)
	if !ok || durable(data, at) > uint64(at) {
		return 0, false
	}
	sum := binary.LittleEndian.Uint32(data[at:])
	return size, crc32.Checksum(data[at+4:at+size], castagnoli) == sum
}

func durable(data []byte, at int) uint64 { return binary.LittleEndian.Uint64(data[at+8:]) }
