//go:build linux && (amd64 || arm64)

package clock

import (
	"errors"
	"fmt"

	"golang.org/x/arch/x86/x86asm"
)

// x86 patches with a jump of five bytes, which may cover several instructions.
type x86 struct{}

const x86Jump = 5

func (x86) jump(from, to uint64) []byte {
	b := []byte{0xe9, 0, 0, 0, 0}
	le.PutUint32(b[1:], uint32(int32(int64(to)-int64(from)-x86Jump)))
	return b
}

// divert: the jump stands right at the entry. An endbr64 there goes with it; Linux lets no program
// insist on one.
func (x86) divert(code, stub []byte, stubAddr, hook uint64) (at, to uint64) { return 0, hook }

// move puts into room what the covered instructions did, and a jump to the next one. Those that
// depend on where they stand cannot move; then the room asks the kernel instead, which is slower
// and gives the same time.
func (m x86) move(code []byte, addr uint64, room []byte, roomAddr uint64) error {
	n := 0
	for n < x86Jump {
		if n+4 <= len(code) && string(code[n:n+4]) == "\xf3\x0f\x1e\xfa" { // endbr64
			n += 4
			continue
		}
		in, err := x86asm.Decode(code[n:], 64)
		if err != nil {
			return fmt.Errorf("move prologue % x: %w", code, err)
		}
		if in.Op == x86asm.RET {
			return fmt.Errorf("move prologue % x: %w", code, errors.New("it ends too soon"))
		}
		if in.PCRel != 0 {
			copy(room, "\xb8\xe4\x00\x00\x00\x0f\x05\xc3") // mov $228, %eax; syscall; ret
			return nil
		}
		n += in.Len
	}
	copy(room, code[:n])
	copy(room[n:], m.jump(roomAddr+uint64(n), addr+uint64(n)))
	return nil
}
