package sim_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// parts are the parts of a test, each with what is found on the stack of a sample of it, the
// first that fits; whole says that it takes what it calls, too.
var parts = []struct {
	name  string
	whole bool
	funcs []string
}{
	{"plan", true, []string{"sunder/sim_test.short"}},
	{"linear", true, []string{"sunder/checker/linear"}},
	{"verdict", true, []string{"sunder/harness.Judge"}},
	{"oracles", true, []string{"sunder/oracle"}},
	{"faults", true, []string{"sunder/sim.(*World).Inject", "sunder/harness.(*Injector)"}},
	{"nodes", false, []string{"sunder/nodes/"}},
	{"sim", false, []string{"sunder/sim."}},
	{"clients", false, []string{"sunder/workloads", "sunder/harness"}},
	{"other", true, []string{""}}, // above all the collector
}

// partOf says what was being done, from the functions on a stack, the innermost first.
func partOf(stack []string) string {
	is := func(f string, names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(f, n) })
	}
	for _, p := range parts {
		if p.whole && slices.ContainsFunc(stack, func(f string) bool { return is(f, p.funcs) }) &&
			p.name != "other" {
			return p.name
		}
	}
	for _, f := range stack {
		for _, p := range parts {
			if !p.whole && is(f, p.funcs) {
				return p.name
			}
		}
	}
	return "other"
}

// BenchmarkShares says where the time of a search goes, in percent of the samples of a profile.
// For comparison, the prototype (determinism.md, 2.1) had neither generators, sessions, pre-vote
// nor this fault machinery, made 60,000 to 82,000 seeds a minute and core and 1.9 to 2.6 million
// events a second, and spent 15 to 17 % on linearizability.
func BenchmarkShares(b *testing.B) {
	s := newSearch(b)
	s.many = true
	var out bytes.Buffer
	if err := pprof.StartCPUProfile(&out); err != nil {
		b.Skip(err) // the whole is profiled already
	}
	var seed, events uint64
	began := cpu(b)
	for b.Loop() {
		seed++
		events += s.run(b, short(b, seed)).steps
	}
	took := cpu(b) - began
	pprof.StopCPUProfile()
	counts, all := map[string]float64{}, 0.0
	for _, sample := range readProfile(b, out.Bytes()) {
		counts[partOf(sample.stack)] += sample.nanoseconds
		all += sample.nanoseconds
	}
	for _, p := range parts {
		b.ReportMetric(100*counts[p.name]/max(all, 1), "%"+p.name)
	}
	b.ReportMetric(float64(b.N)/took.Minutes(), "seeds/cpu-min")
	b.ReportMetric(float64(events)/took.Seconds(), "events/cpu-s")
}

// sampled is a stack that was met, the innermost function first, and for how long.
type sampled struct {
	stack       []string
	nanoseconds float64
}

// readProfile reads what runtime/pprof writes: gzipped protocol buffers (profile.proto of pprof).
func readProfile(b *testing.B, gzipped []byte) (out []sampled) {
	r, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		b.Fatal(err)
	}
	var names []string
	functions, locations := map[uint64]uint64{}, map[uint64][]uint64{}
	top := fieldsOf(text)
	for _, f := range top[6] {
		names = append(names, string(f.bytes))
	}
	for _, f := range top[5] {
		of := fieldsOf(f.bytes)
		functions[of[1][0].number] = of[2][0].number
	}
	for _, f := range top[4] {
		of := fieldsOf(f.bytes)
		for _, line := range of[4] {
			id := of[1][0].number
			locations[id] = append(locations[id], fieldsOf(line.bytes)[1][0].number)
		}
	}
	for _, f := range top[2] {
		of := fieldsOf(f.bytes)
		s := sampled{nanoseconds: float64(numbers(of[2])[1])}
		for _, at := range numbers(of[1]) {
			for _, function := range locations[at] {
				s.stack = append(s.stack, names[functions[function]])
			}
		}
		out = append(out, s)
	}
	return out
}

// field is a value of a message: a number, or bytes.
type field struct {
	number uint64
	bytes  []byte
}

// numbers are those of a repeated field, packed or not.
func numbers(fields []field) (out []uint64) {
	for _, f := range fields {
		if f.bytes == nil {
			out = append(out, f.number)
		}
		for p := f.bytes; len(p) > 0; {
			v, n := protowire.ConsumeVarint(p)
			out, p = append(out, v), p[max(n, 1):]
		}
	}
	return out
}

func fieldsOf(p []byte) map[protowire.Number][]field {
	out := map[protowire.Number][]field{}
	for len(p) > 0 {
		number, kind, n := protowire.ConsumeTag(p)
		p = p[max(n, 1):]
		var f field
		if kind == protowire.BytesType {
			f.bytes, n = protowire.ConsumeBytes(p)
		} else {
			f.number, n = protowire.ConsumeVarint(p)
		}
		p = p[max(n, 1):]
		out[number] = append(out[number], f)
	}
	return out
}
