//go:build linux && (amd64 || arm64)

package clock

// arm patches one instruction, which is never half executed.
type arm struct{}

// The instructions that are looked for or written.
const (
	armPaciasp = 0xd503233f // sign the return address
	armAutiasp = 0xd50323bf // undo that
	armBtiC    = 0xd503245f // a call may land here
	armB       = 0x14000000
)

func (arm) jump(from, to uint64) []byte {
	b := make([]byte, 4)
	le.PutUint32(b, armB|uint32((int64(to)-int64(from))>>2)&0x03ffffff)
	return b
}

// divert: where indirect calls must land on a marked instruction, that one stays and the jump
// stands behind it. If it signed the return address, a stub undoes that, because the hook ends
// with a plain return.
func (m arm) divert(code, stub []byte, stubAddr, hook uint64) (at, to uint64) {
	switch le.Uint32(code) {
	case armPaciasp:
		le.PutUint32(stub, armAutiasp)
		copy(stub[4:], m.jump(stubAddr+4, hook))
		return 4, stubAddr
	case armBtiC:
		return 4, hook
	}
	return 0, hook
}

// move puts into room what the entry did up to the patched instruction, and a jump to the next
// one. An instruction that depends on where it stands cannot move; then the room asks the kernel.
func (m arm) move(code []byte, addr uint64, room []byte, roomAddr uint64) error {
	n := uint64(4)
	if first := le.Uint32(code); first == armPaciasp || first == armBtiC {
		n = 8
	}
	if relative(le.Uint32(code[n-4:])) {
		le.PutUint32(room[0:], 0xd2800e28) // mov x8, #113
		le.PutUint32(room[4:], 0xd4000001) // svc #0
		le.PutUint32(room[8:], 0xd65f03c0) // ret
		return nil
	}
	copy(room, code[:n])
	copy(room[n:], m.jump(roomAddr+n, addr+n))
	return nil
}

// relative says whether an instruction's meaning depends on its address.
func relative(in uint32) bool {
	return in&0x1f000000 == 0x10000000 || // adr, adrp
		in&0x7c000000 == 0x14000000 || // b, bl
		in&0xfe000000 == 0x54000000 || // b.cond, bc.cond
		in&0x7e000000 == 0x34000000 || // cbz, cbnz
		in&0x7e000000 == 0x36000000 || // tbz, tbnz
		in&0x3b000000 == 0x18000000 // ldr, ldrsw, prfm from a literal
}
