package raft

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"sunder/nodes/nodestest"
)

// seeds is how many runs a storm test makes; SUNDER_SEEDS asks for more.
func seeds(short int) uint64 {
	if n, err := strconv.Atoi(os.Getenv("SUNDER_SEEDS")); err == nil {
		return uint64(n)
	}
	return uint64(short)
}

func TestTheCorrectProtocolIsNeverBlamed(t *testing.T) {
	for _, reads := range []string{"readindex", "log", "lease"} {
		for seed := range seeds(100) {
			setup := nodestest.Setup{Nodes: []int{3, 5, 1, 4}[seed%4], Seed: seed,
				Options: map[string]string{"reads": reads, "snapshot": []string{"64", "off"}[seed%2]},
				Loss:    []float64{0, 0.05}[seed/4%2], Twice: []float64{0, 0.1}[seed/8%2], Codec: seed%16 == 0}
			c := nodestest.NewCluster(Protocol(), setup)
			c.Blow(nodestest.AllFaults(), 3*time.Second)
			if wrong := c.Judge(); len(wrong) > 0 {
				t.Errorf("%+v: %s", setup, wrong)
				if t.Failed() {
					return
				}
			}
		}
	}
}

func TestBugs(t *testing.T) {
	for _, b := range Protocol().Bugs {
		found := 0
		first := ""
		for seed := range seeds(100) {
			reads := "readindex"
			if b.Name == "lease-no-margin" || b.Name == "restart-votes-in-lease" {
				reads = "lease"
			}
			c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3 + 2*int(seed%2), Seed: seed, Bug: b.Name,
				Options: map[string]string{"reads": reads, "snapshot": []string{"64", "off"}[seed%2]}, Loss: 0.05, Twice: 0.05})
			c.Blow(nodestest.AllFaults(), 3*time.Second)
			if w := c.Judge(); len(w) > 0 {
				found++
				if first == "" {
					first = fmt.Sprint(seed, w)
				}
			}
		}
		t.Log(b.Name, found, first[:min(200, len(first))])
	}
}
