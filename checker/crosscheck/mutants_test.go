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
	{"zone/order.go", "at += reads", "at += reads / 2"},
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
	{"window/stream.go", "p.needs = false\n		s.next", "s.next"},
	{"window/stream.go", "to == p.state || p.needs && s.can(p.bare, o) ||",
		"to == p.state || p.needs ||"},
	{"window/stream.go", "times == int(s.offered[i])", "times > int(s.offered[i])"},
	{"window/stream.go", "if !s.can(p.state, o) {\n			s.room", "if false {\n			s.room"},
	{"window/stream.go", "return at == len(p.used)", "return true"},
	{"window/stream.go", "if s.optional.has(slot) && !p.placed.has(slot) {", "if false {"},
	{"window/stream.go", "s.optional.clear(slot)", "_ = s"},
	{"window/stream.go", "s.offered[i]--", "_ = i"},
	{"window/stream.go", "if p := &s.now.all[i]; s.can(p.state, o) {", "if p := &s.now.all[i]; false {"},
	{"linear/fewest.go", "t.must[i] = i >= from", "t.must[i] = i > from"},
	{"linear/fewest.go", "answer != window.Illegal {\n			t.must[i] = true",
		"answer == 0 {\n			t.must[i] = true"},
	{"collection/collection.go", "h.since(v) < h.until(v)", "h.since(v) <= h.until(v)+1"},
	{"collection/collection.go", "if c.until(v) <= at {", "if c.until(v) <= at+2 {"},
	{"collection/collection.go", "case o.Removes && v.out != none:", "case false:"},
	{"collection/collection.go", "case h.ops[v.out].Return < h.ops[v.in].Call:", "case false:"},
	{"collection/collection.go", "i > 0 && h.until(values[reach[i-1]]) >= h.until(values[i])", "i > 0"},
	{"collection/queue.go", "h.ops[b.out].Return < h.until(a)", "h.ops[b.out].Return < h.until(a)-2"},
	{"collection/priority.go", "max(h.ops[v.in].Call, h.ops[v.out].Call)", "h.ops[v.out].Call"},
	{"collection/priority.go", "rank[order[to]] == rank[order[from]]", "to <= from"},
	{"collection/stack.go", "p.came[node] >= of.begin", "p.came[node] > of.begin+1"},
	{"collection/stack.go", "p.went[node] > of.end ||", "p.went[node]+2 > of.end ||"},
	{"collection/stack.go", "p.place(p.until(v)), -1)", "p.place(p.until(v)), 0)"},
	{"collection/stack.go", "for at := 0; at < len(values); {", "for at := 0; at < len(values)-1; {"},
	{"collection/depth.go", "t.least[node] += d", "t.least[node]++"},
	{"collection/set.go", "if s.ops[i].Return < s.now {", "if s.ops[i].Return+2 < s.now {"},
	{"collection/set.go", "if w := s.block(brings); w != nil {", "if w := s.block(brings); false {"},
	{"collection/set.go", "case s.seen[e] == none:\n			return s.disagree(a, b)", "case false:"},
	{"collection/set.go", "return s.block(unseen)", "return nil"},
	{"linear/collected.go", "if open && !op.Removes && !known[o.Do.arg] {", "if false {"},
	{"linear/collected.go", "k.hinders(t.values, v, in[o.Value], o):", "false:"},
	{"linear/collected.go", "; w != nil || !unique {", "; false && (w != nil || !unique) {"},
	{"elle/known.go", "earlier = earlier[:at]", "_ = at"},
	{"elle/known.go", "place+1); at > 0", "place); at > 0"},
	{"elle/known.go", "clock[p] = max(clock[p], place)", "clock[p] = max(clock[p], place-1)"},
	{"elle/known.go", "k.place[t]-1, s, t)", "k.place[t]-2, s, t)"},
	{"elle/known.go", "k.arcs = append(k.arcs, arc{t, s.from, known})", "_ = t"},
	{"elle/weak.go", "k.exists[w.txn] = true", "_ = w"},
	{"elle/weak.go", "case !m.Known || own[m.Key]:", "case !m.Known:"},
	{"elle/append.go", "a.arcs = append(a.arcs, arc{before.txn, w.txn, ww})", "_ = w"},
	{"elle/append.go", "a.arcs = append(a.arcs, arc{w.txn, i, wr})", "_ = w"},
	{"elle/append.go", "a.arcs = append(a.arcs, arc{i, w.txn, rw})", "_ = w"},
	{"elle/register.go", "out[v] = append(out[v], m.Value)", "_ = v"},
	{"elle/register.go", "a.readsFrom(int32(i), w)", "_ = w"},
	{"elle/elle.go", "ends[k].at < a.t.All[i].Call", "ends[k].at < a.t.All[i].Return"},
	{"elle/elle.go", "arc{e.txn, base + int32(k), realtime}", "arc{e.txn, e.txn, realtime}"},
	{"elle/graph.go", "t.low[c.v] = min(t.low[c.v], t.index[a.to])", "_ = a"},
}

// TestMutantsAreCaught builds each mutant and expects its package's cross-check to fail.
func TestMutantsAreCaught(t *testing.T) {
	asked := os.Getenv("SUNDER_MUTANTS")
	if asked == "" {
		t.Skip("builds an engine for each mutant: set SUNDER_MUTANTS=1 to have it done, or to what files " +
			"begin with, such as zone")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		if asked != "1" && !strings.HasPrefix(m.file, asked) {
			continue
		}
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
			"-run=Agrees|Minimal", pkg).CombinedOutput()
		switch {
		case err == nil:
			t.Errorf("%s: nobody noticed %q", m.file, m.new)
		case !strings.Contains(string(out), "--- FAIL") && !strings.Contains(string(out), "panic:"):
			t.Errorf("%s: %q does not build: %.300s", m.file, m.new, out)
		}
	}
}
