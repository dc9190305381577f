package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sunder/nodes"
)

// TestDiskOrder queues a script while the disk is busy, and shows what the disk made of it.
func TestDiskOrder(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"appends that follow each other are one write",
			"append a 1; append a 2; append b 3; append a 4",
			"append a 12; append b 3; append a 4"},
		{"one sync serves those before it",
			"append a 1; sync a 1; append a 2; sync a 2; append a 3; sync a 3",
			"append a 1; append a 2; append a 3; sync a; ok 1; ok 2; ok 3"},
		{"what comes after the last sync is written too",
			"append a 1; sync a 1; append a 2",
			"append a 1; append a 2; sync a; ok 1"},
		{"a rename does not pass a sync",
			"append t 1; sync t 1; rename t a; sync . 2",
			"append t 1; sync t; ok 1; rename t a; sync .; ok 2"},
		{"nor a truncation or a removal",
			"append a 1; sync a 1; truncate a 0; sync a 2; remove a; sync . 3",
			"append a 1; sync a; ok 1; truncate a 0; sync a; ok 2; remove a; sync .; ok 3"},
		{"syncs of two files stay in order",
			"append a 1; append b 2; sync a 1; sync b 2; append b 3; sync b 3; sync a 4",
			"append a 1; append b 2; sync a; ok 1; append b 3; sync b; ok 2; ok 3; sync a; ok 4"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := &memory{files: map[nodes.File][]byte{"a": nil, "b": nil}}
			d := newDisk(m, func(tok nodes.Token, err error) {
				m.do(fmt.Sprintf("ok %d", tok), func(map[nodes.File][]byte) {})
				if err != nil {
					t.Errorf("%s: sync %d: %v", c.name, tok, err)
				}
			})
			playScript(d, c.script)
			go d.run()
			d.stop()
			synctest.Wait()
			if got := strings.Join(m.did, "; "); got != c.want {
				t.Errorf("%s:\nscript %s\ngot    %s\nwant   %s", c.name, c.script, got, c.want)
			}
		})
	}
}

func playScript(d *disk, script string) {
	for _, line := range strings.Split(script, "; ") {
		var do, f, arg string
		fmt.Sscan(line, &do, &f, &arg)
		var n int
		fmt.Sscan(arg, &n)
		switch do {
		case "append":
			d.append(nodes.File(f), []byte(arg))
		case "sync":
			d.push(work{do: fsync, file: nodes.File(f), tok: nodes.Token(n)})
		case "rename":
			d.push(work{do: rename, file: nodes.File(f), to: nodes.File(arg)})
		case "truncate":
			d.push(work{do: truncate, file: nodes.File(f), off: int64(n)})
		case "remove":
			d.push(work{do: remove, file: nodes.File(f)})
		default:
			panic(line)
		}
	}
}

func TestDiskDoesNotKeepTheNodesBuffer(t *testing.T) {
	m := &memory{}
	d := newDisk(m, nil)
	buf := []byte("good")
	d.append("a", buf)
	copy(buf, "evil")
	d.append("a", buf)
	d.stop()
	d.run()
	if got := string(m.files["a"]); got != "goodevil" {
		t.Errorf("the file holds %q", got)
	}
}

func TestDiskNeverTrustsAFailedFileAgain(t *testing.T) {
	for _, op := range []string{"write", "sync"} {
		failing := true
		fail := func(nodes.File) error {
			if failing {
				failing = false // as Linux: reported once
				return errors.New("I/O error")
			}
			return nil
		}
		m := &memory{}
		if op == "write" {
			m.write = fail
		} else {
			m.sync = fail
		}
		var failed []nodes.Token
		d := newDisk(m, func(tok nodes.Token, err error) {
			if err != nil && strings.Contains(err.Error(), "I/O error") {
				failed = append(failed, tok)
			}
		})
		playScript(d, "append a 1; sync a 1; rename a b; sync . 2; append b 2; sync b 3")
		d.stop()
		d.run()
		if !reflect.DeepEqual(failed, []nodes.Token{1, 2, 3}) {
			t.Errorf("failed %s: syncs %v failed, want 1 2 3", op, failed)
		}
		if strings.Contains(strings.Join(m.did, " "), "rename") {
			t.Errorf("failed %s: work went on: %v", op, m.did)
		}
	}
}

func TestDiskBlocksNobodyWhileItSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{sync: func(nodes.File) error { time.Sleep(time.Hour); return nil }}
		done := 0
		d := newDisk(m, func(nodes.Token, error) { done++ })
		go d.run()
		began := time.Now()
		for i := range 10_000 {
			d.append("a", []byte("x"))
			d.push(work{do: fsync, file: "a", tok: nodes.Token(i)})
		}
		if time.Since(began) != 0 {
			t.Errorf("asking took %v", time.Since(began))
		}
		d.stop()
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if done != 10_000 {
			t.Errorf("%d of 10000 syncs were reported after three hours", done)
		}
	})
}

func TestDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "data")
	d, err := openDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range []error{
		d.Append("log", []byte("hello world")), d.Truncate("log", 5), d.Append("log", []byte("!")),
		d.Append("snap.tmp", []byte("s1")), d.Sync("snap.tmp"), d.Rename("snap.tmp", "snap"),
		d.Append("snap", []byte("+")), d.Sync("snap"), d.Sync(nodes.Dir),
		d.Append("gone", []byte("x")), d.Remove("gone"), d.Remove("never"),
		d.Append("snap.tmp", []byte("s2")), d.Rename("snap.tmp", "log"), d.Append("log", []byte("?")),
	} {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	for name, err := range map[string]error{
		"truncate": d.Truncate("never", 0), "sync": d.Sync("never"), "rename": d.Rename("never", "x"),
	} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s of a file that is not there: %v", name, err)
		}
	}
	// What no node can have written is not shown to it.
	os.WriteFile(filepath.Join(path, "OTHER"), []byte("x"), 0o644)
	os.Mkdir(filepath.Join(path, "folder"), 0o755)
	os.Symlink("/etc/passwd", filepath.Join(path, "link"))
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	d, err = openDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	got, err := d.Read()
	want := []nodes.Recovered{{Name: "log", Data: []byte("s2?")}, {Name: "snap", Data: []byte("s1+")}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("found %q, %v, want %q", got, err, want)
	}
	// What is appended after a rename goes to the file that now has the name.
	err = errors.Join(d.Append("log", []byte("old")), d.Rename("snap", "log"),
		d.Append("log", []byte("new")))
	if text, _ := os.ReadFile(filepath.Join(path, "log")); err != nil || string(text) != "s1+new" {
		t.Errorf("after a rename the file holds %q, %v", text, err)
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[nodes.File]bool{
		"log": true, "snap-12.tmp": true, ".hidden": true, "...": true,
		nodes.File(strings.Repeat("a", 64)): true, nodes.File(strings.Repeat("a", 65)): false,
		"": false, ".": false, "..": false, "../x": false, "a/b": false, "Log": false, "a b": false,
		"é": false, "a\x00": false,
	} {
		if got := validName(name); got != want {
			t.Errorf("validName(%q) = %v", name, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a node that names a bad file gets away with it")
		}
	}()
	mustName("../../etc/passwd")
}
