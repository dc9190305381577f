package shrink

import (
	"encoding/json"
	"fmt"
	"hash/fnv"

	"sunder/harness/plan"
)

// hash tells plans apart. What there may be hundreds of in one is hashed without a detour.
func hash(p plan.Plan) uint64 {
	rest := p
	rest.Script, rest.Network.Except = nil, nil
	text, err := json.Marshal(rest)
	if err != nil {
		panic(fmt.Sprintf("shrink: a plan is JSON: %v", err))
	}
	h := fnv.New64a()
	h.Write(text) // never fails
	w := words(h.Sum64())
	for _, o := range p.Script {
		w.add(uint64(o.At.Duration)<<1|flag(o.Final), uint64(o.Thread))
		w.text(o.F, o.Key, o.Node, o.Value)
	}
	for _, e := range p.Network.Except {
		w.add(uint64(e.Nth), uint64(e.Takes.Duration), uint64(e.Again.Duration)<<1|flag(e.Lost))
		w.text(e.From, e.To, e.Kind)
	}
	return uint64(w)
}

// words is FNV-1a over words.
type words uint64

func (w *words) add(all ...uint64) {
	for _, x := range all {
		*w = (*w ^ words(x)) * 0x100000001b3
		*w ^= *w >> 29
	}
}

func (w *words) text(all ...string) {
	for _, s := range all {
		for i := range len(s) {
			w.add(uint64(s[i]))
		}
		w.add(256)
	}
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
