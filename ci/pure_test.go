package ci

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pure are the folders whose packages decide and touch nothing: what they do is a function of what
// they are told, so it can be replayed. Folders below them are pure too.
var pure = []string{"harness/generator", "harness/scheduler", "harness/plan", "harness/shrink",
	"harness/report/spacetime", "nodes/kv", "nodes/wal", "nodes/journal", "nodes/wire", "nodes/ballot",
	"nodes/fifo", "nodes/checkpoint", "nodes/raft", "nodes/paxos", "nodes/multipaxos", "nodes/cheappaxos", "nodes/lww",
	"oracle", "workloads"}

// pureItself are folders that are pure, but not everything below them is. Below nodes/etcdraft
// stands entropy, which exists to lend crypto/rand.Reader.
var pureItself = []string{"nodes", "nodes/etcdraft", "nemesis", "sim"}

var impureImports = []string{"os", "net", "net/http", "unsafe", "sync", "sync/atomic", "math/rand",
	"crypto/rand", "os/exec", "syscall", "testing/synctest", "runtime"}

// seeded are the functions of math/rand/v2 that make a generator from a seed; the others draw from
// a global one.
var seeded = []string{"New", "NewPCG", "NewChaCha8", "Rand", "PCG", "Source"}

var impureTime = []string{"Now", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker", "Since",
	"Until"}

func isPure(dir string) bool {
	return slices.Contains(pureItself, dir) || slices.ContainsFunc(pure, func(p string) bool {
		return dir == p || strings.HasPrefix(dir, p+"/")
	})
}

func TestPurePackagesTouchNothing(t *testing.T) {
	files, fset := sources(t)
	for _, f := range files {
		if f.test || !isPure(f.dir()) {
			continue
		}
		for _, fault := range impurities(f.ast) {
			t.Errorf("%s: %s in a pure package", fset.Position(fault.pos), fault.what)
		}
	}
}

type impurity struct {
	pos  token.Pos
	what string
}

func impurities(file *ast.File) (out []impurity) {
	for _, spec := range file.Imports {
		if name, _ := strconv.Unquote(spec.Path.Value); slices.Contains(impureImports, name) {
			out = append(out, impurity{spec.Pos(), "import of " + name})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			out = append(out, impurity{n.Pos(), "go statement"})
		case *ast.SelectStmt:
			out = append(out, impurity{n.Pos(), "select"})
		case *ast.ChanType:
			out = append(out, impurity{n.Pos(), "channel"})
		case *ast.SendStmt:
			out = append(out, impurity{n.Pos(), "channel send"})
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && (x.Name == "time" && slices.Contains(impureTime, n.Sel.Name) ||
				x.Name == "rand" && x.Obj == nil && !slices.Contains(seeded, n.Sel.Name)) {
				out = append(out, impurity{n.Pos(), x.Name + "." + n.Sel.Name})
			}
		}
		return true
	})
	return out
}
