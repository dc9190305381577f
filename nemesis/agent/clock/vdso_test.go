//go:build linux && (amd64 || arm64)

package clock

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// own is the vDSO of this test's process, which nobody patches.
func own(t testing.TB) *vdso {
	t.Helper()
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Skip(err)
	}
	defer mem.Close()
	v, err := readVDSO(os.Getpid(), mem)
	if err != nil {
		t.Skip(err)
	}
	return v
}

func TestParseOwnVDSO(t *testing.T) {
	v := own(t)
	n := uint64(len(v.image))
	if v.gettime.at == 0 || v.gettimeofday.at == 0 || v.loaded == 0 || v.loaded > n {
		t.Errorf("%+v", v)
	}
	at, err := v.space(100)
	if err != nil || at%16 != 0 || at+100 > n || len(bytes.Trim(v.image[at:], "\x00")) > 0 {
		t.Errorf("room at %d of %d, %v", at, n, err)
	}
}

func TestSpace(t *testing.T) {
	image := make([]byte, 4096)
	for i := range 4000 {
		image[i] = 1
	}
	for _, c := range []struct {
		loaded uint64
		need   int
		at     uint64
		err    string
	}{
		{3000, 96, 4000, ""}, // behind the file
		{3000, 97, 3008, ""}, // over the section headers
		{3000, 1088, 3008, ""},
		{3000, 1089, 0, "1089 bytes needed"},
		{0, 97, 0, "97 bytes needed"},
	} {
		v := &vdso{image: image, loaded: c.loaded}
		at, err := v.space(c.need)
		if at != c.at || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%d bytes: at %d, %v; want %d, %q", c.need, at, err, c.at, c.err)
		}
	}
	copy(image[4000:], magic)
	if _, err := (&vdso{image: image}).space(16); err == nil {
		t.Error("a patched vDSO was to be patched again")
	}
}

func TestParseMaps(t *testing.T) {
	const line = "7ffd1000-7ffd3000 r-xp 00000000 00:00 0                          [vdso]\n"
	for _, c := range []struct {
		text      string
		low, high uint64
		err       string
	}{
		{"00400000-00401000 r-xp 0 00:00 0 /bin/x\n" + line, 0x7ffd1000, 0x7ffd3000, ""},
		{"00400000-00401000 r-xp 0 00:00 0 /bin/x\n", 0, 0, "none is mapped"},
		{strings.Replace(line, "7ffd3000", "7ffd1000", 1), 0, 0, "no mapping"},
		{strings.Replace(line, "7ffd3000", "fffffffffff", 1), 0, 0, "no mapping"},
		{strings.Replace(line, "7ffd1000-", "-", 1), 0, 0, "no mapping"},
	} {
		low, high, err := parseMaps(c.text)
		if low != c.low || high != c.high || (err == nil) != (c.err == "") ||
			err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %#x-%#x, %v", c.text, low, high, err)
		}
	}
}

// Whatever the kernel maps there, a plan stays within it or is refused.
func FuzzParseVDSO(f *testing.F) {
	image := own(f).image
	f.Add(image, true)
	f.Add(image[:len(image)/2], false)
	f.Fuzz(func(t *testing.T, image []byte, intel bool) {
		v, err := parseVDSO(0x7000_0000, image)
		if err != nil {
			return
		}
		m, hook := machine(arm{}), hookARM64
		if intel {
			m, hook = x86{}, hookAMD64
		}
		writes, err := plan(v, m, hook)
		if err != nil {
			return
		}
		for _, w := range writes {
			if w.addr < v.base || w.addr+uint64(len(w.data)) > v.base+uint64(len(image)) {
				t.Fatalf("%d bytes at %#x are outside of the mapping", len(w.data), w.addr)
			}
		}
	})
}

// The blobs in the tree are what their source makes, if the compiler is the one that made them.
func TestHookIsBuiltFromItsSource(t *testing.T) {
	dir := t.TempDir()
	script, err := filepath.Abs("hook/build.sh")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", script, dir).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			file := func(dir, suffix string) []byte {
				b, err := os.ReadFile(filepath.Join(dir, "hook_"+arch+suffix))
				if os.IsNotExist(err) {
					t.Skip("there is no compiler for it here")
				}
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			version, ours := file(dir, ".version"), file(".", ".version")
			if !bytes.Equal(version, ours) {
				t.Skipf("built here by %s, in the tree by %s", version, ours)
			}
			if !bytes.Equal(file(dir, ".bin"), file(".", ".bin")) {
				t.Error("hook_" + arch + ".bin is not what hook/ makes: run hook/build.sh")
			}
		})
	}
}

// The Go side of struct control.
func TestHookLayout(t *testing.T) {
	for arch, hook := range map[string]string{"amd64": hookAMD64, "arm64": hookARM64} {
		b := []byte(hook)
		if !strings.HasPrefix(hook, magic) || le.Uint32(b[28:]) != uint32(len(b)) {
			t.Errorf("%s: no control block of %d bytes: % x", arch, len(b), b[:32])
		}
		for _, o := range []int{atGettime, atGettimeofday, atTime, atReal} {
			if at := le.Uint32(b[o:]); at < controlLen || at >= uint32(len(b)) || at%16 != 0 {
				t.Errorf("%s: the word at %d points to %d", arch, o, at)
			}
		}
		if at, n := le.Uint32(b[atReal:]), le.Uint32(b[atRoom:]); int(at+n) != len(b) ||
			n < stubGettimeofday+stubLen {
			t.Errorf("%s: room of %d bytes at %d", arch, n, at)
		}
		for i := range slots {
			want := slot{realtime: line{mult: one}, monotonic: line{mult: one}}
			if got := decodeSlot(b[atSlots+i*slotLen:]); got != want {
				t.Errorf("%s: slot %d is %+v", arch, i, got)
			}
		}
	}
}
