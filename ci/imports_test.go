package ci

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers is a statement of policy, lowest layer first: a package may import only what stands
// above it here. Do not change it to fix a build; change the code, or change the architecture
// with a reason in ARCHITECTURE.md. A package inherits the layer of the nearest folder named.
const layers = `
harness/history
harness/plan
harness/generator
checker
nodes/kv
nodes
nodes/ballot
oracle
nodes/wal
nodes/journal
nodes/wire
nodes/fifo
nodes/lease
nodes/checkpoint
nodes/nodestest
nodes/raft
nodes/etcdraft
nodes/paxos
nodes/multipaxos
nodes/cheappaxos
nodes/lww
nodes/host
nodes/catalog
nemesis
nemesis/agent
workloads
harness/scheduler
harness
harness/report
harness/shrink
sim
search
docker/node
docker
.
ci
`

// standardOnly are packages that import nothing but the standard library.
var standardOnly = []string{"harness/history", "harness/plan"}

// narrow are packages that may import, of ours, only what is listed: a stricter rule than layers.
var narrow = map[string][]string{
	"nodes/raft": {"nodes", "nodes/kv", "nodes/wal", "nodes/fifo", "nodes/lease"},
	// The one protocol that is not ours: see foreign.
	"nodes/etcdraft": {"nodes", "nodes/kv", "nodes/wal", "nodes/etcdraft"},
	"nodes/wal":      {"nodes", "nodes/kv"},
	"nodes/paxos": {"nodes", "nodes/kv", "nodes/wal", "nodes/journal", "nodes/wire", "nodes/ballot",
		"nodes/fifo"},
	"nodes/multipaxos": {"nodes", "nodes/kv", "nodes/wal", "nodes/wire", "nodes/journal", "nodes/ballot",
		"nodes/fifo", "nodes/lease", "nodes/checkpoint"},
	"nodes/cheappaxos": {"nodes", "nodes/kv", "nodes/ballot", "nodes/multipaxos"},
	"nodes/journal":    {"nodes", "nodes/kv", "nodes/wal"},
	"nodes/checkpoint": {"nodes", "nodes/kv", "nodes/wal", "nodes/wire"},
	"nodes/fifo":       {},
	"nodes/lease":      {"nodes", "nodes/kv"},
	"nodes/wire":       {},
	"nodes/ballot":     {"nodes", "nodes/kv"},
	"oracle":           {"nodes", "nodes/kv", "nodes/ballot"},
	"checker":          {"harness/history", "checker"},
	"docker/node":      {"nodes", "nodes/kv", "nodes/host", "nodes/catalog", "nemesis", "nemesis/agent", "docker/node"},
	"nodes/lww":        {"nodes", "nodes/kv", "nodes/wal", "nodes/journal", "nodes/wire"},
}

// foreign are the folders that may import a consensus protocol that somebody else wrote: only
// nodes/etcdraft, whose point it is. All other protocols are ours to the last line.
var foreign = map[string][]string{"go.etcd.io/raft/": {"nodes/etcdraft"}}

func TestOnlyOneProtocolIsForeign(t *testing.T) {
	files, _ := sources(t)
	used := 0
	for _, f := range files {
		for _, spec := range f.ast.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			for prefix, who := range foreign {
				if !strings.HasPrefix(name, prefix) {
					continue
				}
				used++
				if !slices.Contains(who, f.dir()) {
					t.Errorf("%s imports %s, which only %v may", f.path, name, who)
				}
			}
		}
	}
	if used == 0 {
		t.Error("nobody imports a foreign protocol: the rule has lost its object")
	}
}

// layerOf is the index of the nearest named folder, or -1.
func layerOf(order []string, dir string) int {
	for {
		if at := slices.Index(order, dir); at >= 0 {
			return at
		}
		cut := strings.LastIndexByte(dir, '/')
		if cut < 0 {
			return -1
		}
		dir = dir[:cut]
	}
}

func TestImportsPointDown(t *testing.T) {
	order := strings.Fields(layers)
	files, _ := sources(t)
	for _, f := range files {
		at := layerOf(order, f.dir())
		if at < 0 {
			t.Errorf("%s: package %s is on no layer", f.path, f.dir())
			continue
		}
		if f.test {
			continue
		}
		for _, spec := range f.ast.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			to, ours := strings.CutPrefix(name, module+"/")
			switch {
			case ours && layerOf(order, to) > at:
				t.Errorf("%s imports %s, which stands below it", f.path, to)
			case ours && !allowed(f.dir(), to):
				t.Errorf("%s imports %s, which its package may not", f.path, to)
			case !ours && strings.Contains(name, ".") && slices.Contains(standardOnly, f.dir()):
				t.Errorf("%s imports %s: only the standard library may be", f.path, name)
			}
		}
	}
}

func allowed(dir, to string) bool {
	for from, list := range narrow { // at most one applies
		if dir == from || strings.HasPrefix(dir, from+"/") {
			return slices.ContainsFunc(list, func(l string) bool {
				return to == l || strings.HasPrefix(to, l+"/") && (l == from || l == "nemesis/agent")
			})
		}
	}
	return true
}
