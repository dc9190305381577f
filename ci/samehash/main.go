// Command samehash runs the plans of many seeds in the simulation and prints one hash of all that
// happened. A run is a function of its plan: the same seeds give the same hash, whatever the
// processor, the scheduler of goroutines and the garbage collector do, and whoever listens. With
// -twice each seed is run once more in new memory; if the two differ, that is an error.
// ci/samehash.sh compares the hashes of different builds and surroundings.
//
//	go run ./ci/samehash [-system raft] [-seeds 300] [-twice] [-blind] [-watch] [-codec on] [-v]
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes/catalog"
	"sunder/search"
	"sunder/sim"
)

func main() {
	system := flag.String("system", "raft", "the system under test")
	workload := flag.String("workload", "", "what clients do")
	first := flag.Uint64("first", 1, "the first seed")
	seeds := flag.Int("seeds", 300, "how many")
	twice := flag.Bool("twice", false, "run each once more")
	blind := flag.Bool("blind", false, "no oracle listens")
	watch := flag.Bool("watch", false, "somebody listens to every message")
	codec := flag.String("codec", "", "on or off: whether messages are encoded; else the seed decides")
	verbose := flag.Bool("v", false, "print the hash of each seed, too")
	flag.Parse()
	protocol, err := catalog.Find(*system)
	if err != nil {
		fail(err)
	}
	how := settings{twice: *twice, blind: *blind, watch: *watch}
	switch on := *codec == "on"; *codec {
	case "on", "off":
		how.codec = &on
	case "":
	default:
		fail(fmt.Errorf("-codec is %q, want on or off", *codec))
	}
	plans := search.Prey{Protocol: protocol, Workload: *workload}.Plan
	hashes, err := how.hashAll(plans, *first, *seeds)
	if err != nil {
		fail(err)
	}
	all := fnv.New64a()
	for i, h := range hashes {
		all.Write(binary.BigEndian.AppendUint64(nil, h))
		if *verbose {
			fmt.Printf("seed %d %016x\n", *first+uint64(i), h)
		}
	}
	fmt.Printf("%016x\n", all.Sum64())
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "samehash: %v\n", err)
	os.Exit(1)
}

// settings are what must make no difference to a run.
type settings struct {
	twice, blind, watch bool
	codec               *bool
}

func (s settings) runner() *search.Runner {
	r := &search.Runner{Blind: s.blind, Codec: s.codec}
	if s.watch {
		r.Watch = func(sim.Moment) {}
	}
	return r
}

// hashAll is the hash of each seed, by as many workers as there are processors: what they share
// would show. The error is that of the lowest seed that has one.
func (s settings) hashAll(plans search.Plans, first uint64, seeds int) ([]uint64, error) {
	hashes, errs := make([]uint64, seeds), make([]error, seeds)
	var next atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			used := s.runner()
			for i := next.Add(1) - 1; i < int64(seeds); i = next.Add(1) - 1 {
				hashes[i], errs[i] = s.hash(plans, first+uint64(i), used)
			}
		})
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("seed %d: %w", first+uint64(i), err)
		}
	}
	return hashes, nil
}

// hash is the hash of a seed, which is the same in memory that was used and in new.
func (s settings) hash(plans search.Plans, seed uint64, used *search.Runner) (uint64, error) {
	p, err := plans(seed)
	if err != nil {
		return 0, err
	}
	a, err := once(used, p)
	if err != nil || !s.twice {
		return a, err
	}
	b, err := once(s.runner(), p)
	if err == nil && a != b {
		err = fmt.Errorf("it gives %016x, and once more in the same process %016x", a, b)
	}
	return a, err
}

// once is the hash of one run: of its trace, its history, and its verdict. What the history says
// of faults is left out, as it is brief unless somebody listens; the trace has what they did.
func once(r *search.Runner, p plan.Plan) (uint64, error) {
	o, err := r.Run(context.Background(), p)
	if err != nil {
		return 0, err
	}
	h := fnv.New64a()
	fmt.Fprintln(h, o.Trace, o.Steps, o.OK, o.Proven, o.Result.Verdict, o.Result.Reason)
	var line []byte
	for _, e := range o.Events {
		if e.Process == history.Nemesis {
			e.Value = ""
		}
		line = history.AppendJSON(line[:0], e)
		h.Write(line)
	}
	return h.Sum64(), nil
}
