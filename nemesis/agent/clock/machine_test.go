//go:build linux && (amd64 || arm64)

package clock

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Where the code of these tables stands, and the room and the hook that belong to it.
const entry, room, hook = 0x10000, 0x20000, 0x30000

// The entries were recorded from vDSOs of Linux 6.18 (amd64) and of Debian's 6.1 (arm64); those
// called made are made by hand.
func TestMachines(t *testing.T) {
	for _, c := range []struct {
		name string
		machine
		code  string
		moved string // what the room does instead of the covered instructions
		at    uint64 // where the jump stands
		stub  string // what the hook is reached by, if not directly
		err   string
	}{
		{"amd64 6.18 clock_gettime", x86{}, "554889e5 4156 53 4883e4f0 4883ec10",
			"554889e5 4156 e9fbfffe ff", 0, "", ""},
		{"amd64 made endbr64", x86{}, "f30f1efa 55 4889e5 53", "f30f1efa 55 e9fbfffe ff", 0, "", ""},
		{"amd64 6.18 gettimeofday, rip-relative", x86{}, "55 4c8d15e897ffff 4889e5",
			"b8e4000000 0f05 c3", 0, "", ""},
		{"amd64 made branch", x86{}, "90 7403 9090 9090", "b8e4000000 0f05 c3", 0, "", ""},
		{"amd64 made too short", x86{}, "90 c3 9090 9090", "", 0, "", "too soon"},
		{"amd64 made no instruction", x86{}, "06 06 06 06 06 06", "", 0, "", "move prologue"},
		{"arm64 6.1 clock_gettime, signs", arm{}, "3f2303d5 1f3c0071 e8050054",
			"3f2303d5 1f3c0071 00c0ff17", 4, "bf2303d5 fb3f0014", ""},
		{"arm64 6.1 gettimeofday, pc-relative", arm{}, "83d4fe10 3f2303d5 000500b4",
			"280e80d2 010000d4 c0035fd6", 0, "", ""},
		{"arm64 made landing pad", arm{}, "5f2403d5 1f3c0071 e8050054",
			"5f2403d5 1f3c0071 00c0ff17", 4, "", ""},
		{"arm64 made landing pad, branch", arm{}, "5f2403d5 e8050054 00000000",
			"280e80d2 010000d4 c0035fd6", 4, "", ""},
		{"arm64 made plain", arm{}, "1f3c0071 e8050054 00000000", "1f3c0071 00c0ff17", 0, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			code := append(unhex(t, c.code), make([]byte, patchReach)...)
			moved := make([]byte, 48)
			err := c.move(code, entry, moved, room)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("move: %v", err)
			}
			if want := unhex(t, c.moved); !bytes.Equal(moved[:len(want)], want) ||
				err == nil && len(bytes.Trim(moved[len(want):], "\x00")) > 0 {
				t.Errorf("moved % x\nwant  % x", moved, want)
			}
			stub := make([]byte, stubLen)
			at, to := c.divert(code, stub, room+stubGettime, hook)
			if want := unhex(t, c.stub); at != c.at || !bytes.HasPrefix(stub, want) {
				t.Errorf("the jump stands at %d over stub % x, want %d, % x", at, stub, c.at, want)
			}
			if direct := c.stub == ""; direct != (to == hook) || !direct && to != room+stubGettime {
				t.Errorf("the jump goes to %#x", to)
			}
		})
	}
}

func TestJumpsReachBothWays(t *testing.T) {
	for _, c := range []struct {
		machine
		from, to uint64
		want     string
	}{
		{x86{}, 0x1000, 0x1005, "e900000000"}, {x86{}, 0x1000, 0x1000, "e9fbffffff"},
		{arm{}, 0x1000, 0x1004, "01000014"}, {arm{}, 0x1000, 0x0ffc, "ffffff17"},
	} {
		if got := c.jump(c.from, c.to); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%T from %#x to %#x: % x, want %s", c.machine, c.from, c.to, got, c.want)
		}
	}
}

// Every instruction of the arm64 manual whose meaning depends on its address, one of each class,
// and neighbours that look like them.
func TestRelative(t *testing.T) {
	for in, want := range map[uint32]bool{
		0x10fed483: true, 0x90000000: true, // adr, adrp
		0x14000001: true, 0x97ffffff: true, // b, bl
		0x540005e8: true, 0x54000010: true, // b.hi, bc.eq
		0xb4000500: true, 0x35000700: true, // cbz, cbnz
		0x370006a5: true, 0xb6000000: true, // tbnz, tbz
		0x58000040: true, 0x98000040: true, 0xd8000040: true, 0x1c000040: true, // literals
		0x71003c1f: false, 0xd503233f: false, 0xd65f03c0: false, 0xd63f0000: false, // cmp, ret, blr
		0x52800022: false, 0xb9400065: false, 0xa9b953f3: false, 0xd4000001: false, // mov, ldr, stp, svc
	} {
		if got := relative(in); got != want {
			t.Errorf("%#x: %v", in, got)
		}
	}
}
