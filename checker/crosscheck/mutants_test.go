package crosscheck

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is a mistake in an engine that its cross-check must find.
type mutant struct{ file, old, new string }

var mutants = []mutant{
	{"zone/zone.go", "if b.first < M {", "if b.first < M && false {"},
	{"zone/zone.go", "if now > ret || now > val.first {", "if now > ret {"},
	{"zone/zone.go", "if now > ret || now > val.first {", "if now > val.first {"},
	{"zone/zone.go", "m = min(m, ret, val.first)", "m = min(m, ret)"},
	{"zone/zone.go", "now = max(now, val.last)", "now = max(now, 0)"},
	{"zone/zone.go", "if v.next != compact.None {", "if false {"},
	{"zone/zone.go", "if walked <= exist {", "if false {"},
	{"zone/zone.go", "return min(head.first, head.last)", "return head.first"},
	{"zone/zone.go", "return min(head.first, head.last)", "return head.last"},
	{"zone/order.go", "at += reads", "at++"},
	{"zone/witness.go", "add(c.observer(o.To))", "_ = o"},
	{"zone/witness.go", "if x.call > since {", "if x.call >= 0 {"},
	{"compact/compact.go", "v = u.Ops[w].From", "break"},
	{"window/candidates.go", "if o.Return < c.end {", "if o.Return > c.end {"},
	{"window/candidates.go", "if f.bare != none && s.machine.Step(f.bare, o.Class) >= 0 {",
		"if f.bare != none {"},
	{"window/candidates.go", "if !s.consumed.has(class) || ", "if "},
	{"window/memory.go", "if used.used[m.sets[i]] < m.sets[i+1] {", "if false {"},
	{"window/memory.go", "e.pos != pos || e.state != state {", "e.state != state {"},
	{"window/history.go", "s.hold(s.returns[s.pos])", "_ = s"},
	{"window/window.go", "f.bare = none\n", "\n"},
	{"elle/append.go", "a.arcs = append(a.arcs, arc{before.txn, w.txn, ww})", "_ = w"},
	{"elle/append.go", "a.arcs = append(a.arcs, arc{w.txn, i, wr})", "_ = w"},
	{"elle/append.go", "a.arcs = append(a.arcs, arc{i, w.txn, rw})", "_ = w"},
	{"elle/elle.go", "ends[k].at < a.t.All[i].Call", "ends[k].at < a.t.All[i].Return"},
	{"elle/elle.go", "arc{e.txn, base + int32(k), realtime}", "arc{e.txn, e.txn, realtime}"},
	{"elle/graph.go", "t.low[c.v] = min(t.low[c.v], t.index[a.to])", "_ = a"},
}

// TestMutantsAreCaught builds each mutant and expects its package's cross-check to fail.
func TestMutantsAreCaught(t *testing.T) {
	if os.Getenv("SUNDER_MUTANTS") == "" {
		t.Skip("builds an engine for each mutant: set SUNDER_MUTANTS=1 to have it done")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		path := filepath.Join(root, m.file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(text), m.old) != 1 {
			t.Errorf("%s: %q stands in it %d times", m.file, m.old, strings.Count(string(text), m.old))
			continue
		}
		dir := t.TempDir()
		mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
		replace, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mutated}})
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string]string{overlay: string(replace),
			mutated: strings.Replace(string(text), m.old, m.new, 1)} {
			if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		pkg := "../" + strings.Split(m.file, "/")[0]
		if pkg == "../compact" {
			pkg = "../zone"
		}
		out, err := exec.Command("go", "test", "-vet=off", "-timeout=5m", "-overlay="+overlay,
			"-run=TestAgrees", pkg).CombinedOutput()
		switch {
		case err == nil:
			t.Errorf("%s: nobody noticed %q", m.file, m.new)
		case !strings.Contains(string(out), "--- FAIL") && !strings.Contains(string(out), "panic:"):
			t.Errorf("%s: %q does not build: %.300s", m.file, m.new, out)
		}
	}
}
