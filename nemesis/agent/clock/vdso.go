//go:build linux && (amd64 || arm64)

package clock

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

var le = binary.LittleEndian

// vdso is the library that the kernel maps into every process, from which programs call
// clock_gettime without entering the kernel. The mapping is whole pages, the library is not: its
// unused end is where the hook goes.
type vdso struct {
	base                        uint64 // its address in the process
	image                       []byte // the whole mapping
	loaded                      uint64 // where the loaded segment ends; only section headers follow
	gettime, gettimeofday, time symbol
}

// symbol is a function of the library. The zero symbol is one that it does not have.
type symbol struct{ at, size uint64 }

// readVDSO reads the mapping of process pid out of its memory.
func readVDSO(pid int, mem io.ReaderAt) (*vdso, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, fmt.Errorf("find vDSO: %w", err)
	}
	low, high, err := parseMaps(string(text))
	if err != nil {
		return nil, err
	}
	image := make([]byte, high-low)
	if _, err := mem.ReadAt(image, int64(low)); err != nil {
		return nil, fmt.Errorf("read vDSO: %w", err)
	}
	return parseVDSO(low, image)
}

// parseMaps finds where the vDSO is mapped.
func parseMaps(text string) (low, high uint64, err error) {
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
			continue
		}
		span, _, _ := strings.Cut(line, " ")
		from, to, _ := strings.Cut(span, "-")
		low, err1 := strconv.ParseUint(from, 16, 63)
		high, err2 := strconv.ParseUint(to, 16, 63)
		if err1 != nil || err2 != nil || high <= low || high-low > 1<<20 {
			return 0, 0, fmt.Errorf("find vDSO: %q is no mapping of one", span)
		}
		return low, high, nil
	}
	return 0, 0, errors.New("find vDSO: none is mapped (vdso=0 on the kernel's command line?)")
}

// What is read of the ELF format.
const (
	headerLen, programLen, symbolLen = 64, 56, 24

	ptLoad, ptDynamic  = 1, 2
	dtStrtab, dtSymtab = 5, 6
)

// parseVDSO finds the functions by way of the dynamic segment only, as a loader does: section
// headers are not part of what is loaded.
func parseVDSO(base uint64, image []byte) (*vdso, error) {
	v := &vdso{base: base, image: image}
	if len(image) < headerLen || string(image[:4]) != "\x7fELF" || image[4] != 2 {
		return nil, errors.New("parse vDSO: no 64-bit ELF image")
	}
	var dynamic, bias uint64
	for i := range uint64(le.Uint16(image[56:])) {
		p := v.u64(32) + i*programLen
		switch uint32(v.u64(p)) {
		case ptLoad:
			bias = v.u64(p+16) - v.u64(p+8)
			v.loaded = v.u64(p+8) + v.u64(p+32)
		case ptDynamic:
			dynamic = v.u64(p + 8)
		}
	}
	var names, symbols uint64
	for d := dynamic; d != 0 && v.u64(d) != 0; d += 16 {
		switch v.u64(d) {
		case dtStrtab:
			names = v.u64(d+8) - bias
		case dtSymtab:
			symbols = v.u64(d+8) - bias
		}
	}
	// The string table follows the symbol table in every vDSO, so its start is the other's end.
	end := min(names, uint64(len(image)))
	for s := symbols; s != 0 && s < end && end-s >= symbolLen; s += symbolLen {
		v.take(v.name(names+uint64(le.Uint32(image[s:]))), symbol{v.u64(s+8) - bias, v.u64(s + 16)})
	}
	if v.gettime.at == 0 {
		return nil, errors.New("parse vDSO: it has no clock_gettime")
	}
	return v, nil
}

// u64 is 8 bytes of the image, 0 beyond it.
func (v *vdso) u64(at uint64) uint64 {
	if n := uint64(len(v.image)); at > n || n-at < 8 {
		return 0
	}
	return le.Uint64(v.image[at:])
}

func (v *vdso) name(at uint64) string {
	if at >= uint64(len(v.image)) {
		return ""
	}
	name, _, _ := bytes.Cut(v.image[at:], []byte{0})
	return string(name)
}

// take keeps a function that is to be patched, if all of it is in the image.
func (v *vdso) take(name string, s symbol) {
	n := uint64(len(v.image))
	if s.at == 0 || s.at > n || s.size > n-s.at || n-s.at < patchReach {
		return
	}
	switch name {
	case "__vdso_clock_gettime", "__kernel_clock_gettime":
		v.gettime = s
	case "__vdso_gettimeofday", "__kernel_gettimeofday":
		v.gettimeofday = s
	case "__vdso_time":
		v.time = s
	}
}

// space is the offset of need unused bytes: zeros behind the whole file, or else what follows the
// loaded segment, which nothing reads in memory.
func (v *vdso) space(need int) (uint64, error) {
	if bytes.Contains(v.image, []byte(magic)) {
		return 0, errors.New("find room in vDSO: it is patched already")
	}
	for _, end := range []uint64{uint64(len(bytes.TrimRight(v.image, "\x00"))), v.loaded} {
		at := (end + 15) &^ 15
		if end != 0 && at < uint64(len(v.image)) && uint64(len(v.image))-at >= uint64(need) {
			return at, nil
		}
	}
	return 0, fmt.Errorf("find room in vDSO: %d bytes needed, it uses %d of %d",
		need, v.loaded, len(v.image))
}
