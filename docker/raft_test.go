package docker_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/docker"
	"sunder/docker/node/program"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/catalog"
	"sunder/nodes/kv"
)

// raftConfig is a cluster of Raft nodes, with the program that is built from this module.
func raftConfig(t testing.TB, n int) (docker.Config, nodes.System) {
	t.Helper()
	p, err := catalog.Find("raft")
	if err != nil {
		t.Skip(err)
	}
	system := program.System(p, nil, "")
	return docker.Config{Nodes: n, Deploy: system.Deploy, Log: hclog.NewNullLogger(),
		Ready: func(ctx context.Context, address string) error {
			e, err := system.Open(ctx, address)
			if err != nil {
				return err
			}
			return e.Close()
		}}, system
}

func startRaft(t testing.TB, n int) (*docker.Cluster, nodes.System) {
	t.Helper()
	config, system := raftConfig(t, n)
	c, err := docker.Start(t.Context(), config)
	if errors.Is(err, docker.ErrNoDaemon) && os.Getenv("SUNDER_REQUIRE_DOCKER") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, system
}

// write writes until a node says ok. The leader may be any of n nodes, or not there yet.
func write(t testing.TB, c *docker.Cluster, s nodes.System, n int) {
	t.Helper()
	var last error
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); {
		for i := range n {
			if last = tryWrite(t.Context(), c, s, nodes.ID(i+1)); last == nil {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("no write was ok: %v", last)
}

func tryWrite(ctx context.Context, c *docker.Cluster, s nodes.System, id nodes.ID) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	address, err := c.Address(id)
	if err != nil {
		return err
	}
	e, err := s.Open(ctx, address)
	if err != nil {
		return err
	}
	defer e.Close()
	res, err := e.Do(ctx, kv.Command{Op: kv.Write, Key: "k", Arg: 7})
	if err == nil && res.Status != kv.OK {
		err = errors.New(res.Code)
	}
	return err
}

// Raft's nodes run in containers, survive the loss of a machine, and come back with what they had.
func TestRaft(t *testing.T) {
	c, system := startRaft(t, 3)
	defer c.Close(context.Background())
	write(t, c, system, 3)
	if _, err := c.Kill(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	write(t, c, system, 3)
	if _, e, err := c.Start(t.Context(), 1); err != nil || e.Process.Boots != 1 {
		t.Fatalf("started: %+v, %v", e, err)
	}
	if _, err := c.Apply(t.Context(), 2, nemesis.State{Killed: true}); err != nil {
		t.Fatal(err)
	}
	write(t, c, system, 3) // n1 is needed for a majority
	dir := t.TempDir()
	if err := c.Collect(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"n1", "n2", "n3"} {
		text, err := os.ReadFile(dir + "/" + id + "/data/observations.jsonl")
		if err != nil || !strings.Contains(string(text), "committed") {
			t.Errorf("%s observed %d bytes, no commit among them (%v)", id, len(text), err)
		}
	}
}

// BenchmarkFirstOperation is the way from a cached image to the first ok operation of five nodes.
func BenchmarkFirstOperation(b *testing.B) {
	c, _ := startRaft(b, 5) // builds the image
	c.Close(context.Background())
	var start, first, end time.Duration
	for b.Loop() {
		began := time.Now()
		c, system := startRaft(b, 5)
		up := time.Now()
		write(b, c, system, 5)
		done := time.Now()
		b.Log(c.Phases(), "then", done.Sub(up))
		if err := c.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		start, first, end = start+up.Sub(began), first+done.Sub(began), end+time.Since(done)
	}
	per := func(d time.Duration) float64 { return float64(d.Milliseconds()) / float64(b.N) }
	b.ReportMetric(per(start), "start-ms")
	b.ReportMetric(per(first), "first-ok-ms")
	b.ReportMetric(per(end), "close-ms")
}
