//go:build linux && (amd64 || arm64)

package clock

import (
	_ "embed"
	"fmt"
	"runtime"

	"sunder/nemesis"
)

//go:embed hook_amd64.bin
var hookAMD64 string

//go:embed hook_arm64.bin
var hookARM64 string

// The layout of struct control in hook/hook.c.
const (
	magic = "SUNDERv1"

	atGettime, atGettimeofday, atTime, atReal, atRoom = 8, 12, 16, 20, 24
	atIndex, atSlots, slotLen, slots                  = 32, 40, 88, 4
	controlLen                                        = atSlots + slots*slotLen

	stubGettime, stubGettimeofday = 16, 32 // within the room, where a machine needs stubs
	stubLen                       = 16
	patchReach                    = 32 // no machine looks at more of an entry than this
)

// machine is how one kind of processor is patched.
type machine interface {
	// jump is the instruction that goes from one address to another.
	jump(from, to uint64) []byte
	// divert says at which offset in the entry's code the jump shall stand, and where it shall go
	// to reach the hook.
	divert(code, stub []byte, stubAddr, hook uint64) (at, to uint64)
	// move fills the room so that calling it does what the unpatched entry did.
	move(code []byte, addr uint64, room []byte, roomAddr uint64) error
}

func native() (machine, string) {
	if runtime.GOARCH == "arm64" {
		return arm{}, hookARM64
	}
	return x86{}, hookAMD64
}

// write is bytes that stand at an address of the process.
type write struct {
	addr uint64
	data []byte
}

// Install patches process pid, which must stand before its first instruction, so that its clocks
// are skewed as c from there on.
func Install(pid int, mem Memory, c nemesis.Clock) (*Patch, error) {
	v, err := readVDSO(pid, mem)
	if err != nil {
		return nil, fmt.Errorf("patch clock: %w", err)
	}
	m, hook := native()
	writes, err := plan(v, m, hook)
	if err != nil {
		return nil, fmt.Errorf("patch clock: %w", err)
	}
	start := now()
	begin, err := slot{realtime: line{mult: one}, monotonic: line{mult: one}}.
		turn(c, start.realtime, start.monotonic)
	if err != nil {
		return nil, fmt.Errorf("patch clock: %w", err)
	}
	blob := writes[0].data
	for i := range slots {
		begin.encode(blob[atSlots+i*slotLen:])
	}
	p := &Patch{mem: mem, control: writes[0].addr}
	for _, w := range writes {
		if _, err := mem.WriteAt(w.data, int64(w.addr)); err != nil {
			return nil, fmt.Errorf("patch clock: write vDSO: %w (is proc_mem.force_override or a "+
				"sandbox such as gVisor in the way? use the nodes' in-process clock)", err)
		}
	}
	p.fixed = append(p.fixed, write{p.control + controlLen, blob[controlLen:]})
	p.fixed = append(p.fixed, writes[1:]...)
	if _, _, err := p.read(); err != nil {
		return nil, fmt.Errorf("patch clock: %w", err)
	}
	return p, nil
}

// plan is what to write into a vDSO: first the whole blob with its room filled, then the jumps.
func plan(v *vdso, m machine, hook string) ([]write, error) {
	at, err := v.space(len(hook))
	if err != nil {
		return nil, err
	}
	blob := []byte(hook)
	word := func(o int) uint64 { return uint64(le.Uint32(blob[o:])) }
	home, roomAt := v.base+at, word(atReal)
	room := blob[roomAt : roomAt+word(atRoom)]
	if err := m.move(v.code(v.gettime), v.base+v.gettime.at, room, home+roomAt); err != nil {
		return nil, err
	}
	writes := []write{{home, blob}}
	for _, e := range []struct {
		symbol symbol
		hook   int
		stub   uint64
	}{
		{v.gettime, atGettime, stubGettime},
		{v.gettimeofday, atGettimeofday, stubGettimeofday},
		{v.time, atTime, 0}, // only x86 has it, which needs no stub
	} {
		if e.symbol.at == 0 {
			continue
		}
		stub := room[e.stub:][:stubLen]
		off, to := m.divert(v.code(e.symbol), stub, home+roomAt+e.stub, home+word(e.hook))
		from := v.base + e.symbol.at + off
		jump := m.jump(from, to)
		if e.symbol.size < off+uint64(len(jump)) {
			return nil, fmt.Errorf("divert %#x: a function of %d bytes is too short", from, e.symbol.size)
		}
		writes = append(writes, write{from, jump})
	}
	return writes, nil
}

func (v *vdso) code(s symbol) []byte { return v.image[s.at:][:patchReach] }
