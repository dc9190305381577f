package docker

import (
	"archive/tar"
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/system"
	"github.com/testcontainers/testcontainers-go"
	"pgregory.net/rapid"
)

func TestOwner(t *testing.T) {
	me := self()
	if got, err := parseOwner(me.String()); err != nil || got != me {
		t.Errorf("parseOwner(%q) = %+v, %v; want %+v", me, got, err, me)
	}
	gone := me
	gone.pid = 1 << 30
	recycled, rebooted, elsewhere := me, me, me
	recycled.start += "0"
	rebooted.boot = "another"
	elsewhere.machine, elsewhere.pid = "another", 1<<30
	for _, c := range []struct {
		what string
		owner
		dead bool
	}{
		{"this process", me, false},
		{"one that is gone", gone, true},
		{"one whose number came again", recycled, true},
		{"one before a reboot", rebooted, true},
		{"one on another machine", elsewhere, false},
	} {
		if got := c.owner.dead(me); got != c.dead {
			t.Errorf("%s: dead is %v", c.what, got)
		}
	}
	for _, bad := range []string{"", "a/b/c/d", "a/b/0/d", "a/b/-1/d", "a/b/1", "a/b/1/c/d"} {
		if o, err := parseOwner(bad); err == nil {
			t.Errorf("parseOwner(%q) = %+v", bad, o)
		}
	}
}

func FuzzParseOwner(f *testing.F) {
	f.Add(self().String())
	f.Add("vm pid:[1]//7/")
	f.Fuzz(func(t *testing.T, label string) {
		o, err := parseOwner(label)
		if err != nil {
			return
		}
		if again, err := parseOwner(o.String()); err != nil || again != o {
			t.Errorf("%q is %+v, and then %+v (%v)", label, o, again, err)
		}
	})
}

func TestCandidates(t *testing.T) {
	a, b := candidates("a"), candidates("b")
	if a[0] == b[0] {
		t.Error("two runs begin at the same subnet")
	}
	for _, list := range [][]netip.Prefix{a, b} {
		slices.SortFunc(list, netip.Prefix.Compare)
		if len(slices.Compact(list)) != 15*256 {
			t.Errorf("%d different candidates, want %d", len(list), 15*256)
		}
		for _, p := range list {
			if !p.Addr().IsPrivate() || p != p.Masked() {
				t.Fatalf("candidate %s", p)
			}
		}
	}
	if got := hostOf(a[0], nodesMax); !a[0].Contains(got) || got == hostOf(a[0], 1) {
		t.Errorf("the last node is at %s", got)
	}
}

func TestParseRoute(t *testing.T) {
	for line, want := range map[string]string{
		"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0":    "0.0.0.0/0",
		"docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0": "172.17.0.0/16",
		"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0":    "192.0.2.0/24",
		"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask": "",
		"":                      "",
		"a b c d e f g":         "",
		"a 0 b c d e f 0":       "",
		"a 0000 b c d e f 0000": "",
	} {
		got, ok := parseRoute(line)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("parseRoute(%q) = %v, %v; want %s", line, got, ok, want)
		}
	}
}

func FuzzParseRoute(f *testing.F) {
	f.Add("docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0")
	f.Fuzz(func(t *testing.T, line string) {
		if p, ok := parseRoute(line); ok && !p.IsValid() {
			t.Errorf("parseRoute(%q) = %v", line, p)
		}
	})
}

func TestStatic(t *testing.T) {
	path, err := testProgram()
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := daemon{info: system.Info{Architecture: map[byte]string{
		0x3e: "x86_64", 0xb7: "aarch64"}[p[18]]}}
	if err := static(p, d.arch()); err != nil {
		t.Errorf("a static program: %v", err)
	}
	for arch, want := range map[string]string{"amd64": "it is for", "arm64": "it is for"} {
		if err := static(p, arch); arch != d.arch() && !strings.Contains(err.Error(), want) {
			t.Errorf("for %s: %v", arch, err)
		}
	}
	if err := static([]byte("#!/bin/sh"), d.arch()); err == nil {
		t.Error("a script counts as a static program")
	}
	for _, shell := range []string{"/bin/bash", "/bin/dash", "/usr/bin/bash"} {
		if p, err := os.ReadFile(shell); err == nil {
			if err := static(p, d.arch()); err == nil {
				t.Errorf("%s counts as static", shell)
			}
		}
	}
}

func TestProgram(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := program(t.Context(), Config{Program: script}, "amd64")
	if err == nil || !strings.Contains(err.Error(), script) {
		t.Errorf("a script: %v", err)
	}
	t.Chdir(t.TempDir())
	_, err = program(t.Context(), Config{Log: testLog(t)}, "amd64")
	if !errors.Is(err, errNoModule) {
		t.Errorf("without the source: %v, want %v", err, errNoModule)
	}
}

func TestOutdated(t *testing.T) {
	now := time.Unix(1e9, 0)
	ours := map[string]string{labelOurs: "true"}
	old := now.Add(-2 * keepImages).Unix()
	for _, c := range []struct {
		image.Summary
		want bool
	}{
		{image.Summary{RepoTags: []string{"sunder-node:a"}, Created: old, Labels: ours}, false},
		{image.Summary{RepoTags: []string{"sunder-node:b"}, Created: old, Labels: ours}, true},
		{image.Summary{RepoTags: []string{"sunder-node:b"}, Created: old}, false},
		{image.Summary{RepoTags: []string{"sunder-node:b"}, Created: now.Unix(), Labels: ours}, false},
		{image.Summary{RepoTags: []string{"sunder-node:b", "mine"}, Created: old, Labels: ours}, false},
	} {
		if got := outdated(c.Summary, "sunder-node:a", now); got != c.want {
			t.Errorf("outdated(%v) = %v", c.Summary, got)
		}
	}
}

func TestTail(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"a\nb\nc\n":                   "b\nc",
		"a\r\n\x1b[2Jb\x00\xff":       "a\uFFFD\n\uFFFD[2Jb\uFFFD\uFFFD",
		strings.Repeat("é", lineMax):  strings.Repeat("é", lineMax/2) + " …",
		strings.Repeat("-", lineMax):  strings.Repeat("-", lineMax),
		"x" + "\u202e" + "desrever\t": "x\uFFFDdesrever\t",
	} {
		if got := tail([]byte(text), 2); got != want {
			t.Errorf("tail(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestAtLeast(t *testing.T) {
	for release, want := range map[string]bool{
		"6.18.44-fc-v595": true, "6.15": true, "6.15-rc1": true, "7.0.1": true,
		"6.14.9": false, "6": false, "5.19.0": false, "": false, "linux": false,
		"99999999999999999999.1": true,
	} {
		if got := atLeast(release, 6, 15); got != want {
			t.Errorf("atLeast(%q) = %v", release, got)
		}
	}
}

func TestPublished(t *testing.T) {
	for _, c := range []struct{ host, override, want, bind string }{
		{"unix:///var/run/docker.sock", "", "127.0.0.1", "127.0.0.1"},
		{"tcp://127.0.0.1:2375", "", "127.0.0.1", "127.0.0.1"},
		{"tcp://far.example:2376", "", "far.example", "0.0.0.0"},
		{"unix:///var/run/docker.sock", "localhost", "localhost", "127.0.0.1"},
		{"unix:///var/run/docker.sock", "10.1.2.3", "10.1.2.3", "0.0.0.0"},
	} {
		t.Setenv("TESTCONTAINERS_HOST_OVERRIDE", c.override)
		d := daemon{host: c.host}
		if d.published() != c.want || d.bindTo().String() != c.bind {
			t.Errorf("%s, override %q: reached at %s and bound to %s, want %s and %s",
				c.host, c.override, d.published(), d.bindTo(), c.want, c.bind)
		}
	}
}

// archive packs entries; one whose name ends with / is a directory, with @ a link to /etc/passwd.
func archive(t testing.TB, names ...string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		h := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o4777, Size: int64(len(name))}
		switch {
		case strings.HasSuffix(name, "/"):
			h.Typeflag, h.Size = tar.TypeDir, 0
		case strings.HasSuffix(name, "@"):
			h.Typeflag, h.Size, h.Linkname = tar.TypeSymlink, 0, "/etc/passwd"
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write([]byte(name))
		}
	}
	w.Close()
	return &b
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(filepath.Join(dir, mkdir(t, dir, "root")))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := unpack(archive(t, "data/", "data/a", "data/link@", "data/deep/b"), root); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"data/a": "data/a", "data/deep/b": "data/deep/b"} {
		if got, err := root.ReadFile(name); string(got) != want {
			t.Errorf("%s holds %q (%v)", name, got, err)
		}
	}
	if _, err := root.Lstat("data/link@"); err == nil {
		t.Error("a link was unpacked")
	}
	for _, name := range []string{"../out", "data/../../out", "/out"} {
		if err := unpack(archive(t, name), root); err == nil {
			t.Errorf("%s was unpacked", name)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%v stands beside the directory", left)
	}
	if err := unpack(strings.NewReader("no archive"), root); err == nil {
		t.Error("what is no archive was unpacked")
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, "data/", "data/a", "data/link@", "../out").Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		root, err := os.OpenRoot(filepath.Join(dir, mkdir(t, dir, "root")))
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		unpack(bytes.NewReader(b), root)
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%v stands beside the directory", left)
		}
	})
}

func mkdir(t testing.TB, dir, name string) string {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room := &budget{left: rapid.Int64Range(0, 20).Draw(t, "room")}
		total, had := int64(0), room.left
		var kept bytes.Buffer
		for range rapid.IntRange(0, 5).Draw(t, "writes") {
			p := rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "bytes")
			total += int64(len(p))
			n, err := room.writer(&kept).Write(p)
			if (n < len(p)) != errors.Is(err, ErrCut) {
				t.Fatalf("wrote %d of %d: %v", n, len(p), err)
			}
		}
		if int64(kept.Len()) != min(total, had) {
			t.Fatalf("kept %d of %d with room for %d", kept.Len(), total, had)
		}
	})
}

func TestReaperImage(t *testing.T) {
	//lint:ignore SA1019 the only place where the name can be read
	if want := testcontainers.ReaperDefaultImage; reaperImage != want {
		t.Errorf("testcontainers runs %s as its reaper, we look for %s", want, reaperImage)
	}
}
