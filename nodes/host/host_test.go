package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sunder/nodes"
	"sunder/nodes/kv"
)

func TestMain(m *testing.M) {
	if os.Getenv("HOST_TEST_PANIC") != "" {
		runPanicking()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestThreeNodesAnswerAndRemember(t *testing.T) {
	c := newCluster(t, primaryCopy, 3)
	c.start(1, 2, 3)
	e := c.dial(1)
	if r := do(t, e, put("x", 5)); r.Status != kv.OK {
		t.Fatalf("write: %+v", r)
	}
	wantValue(t, e, "x", 5)
	if r := do(t, c.dial(2), put("x", 6)); r.Status != kv.Definite || r.Code != kv.NotLeader ||
		r.Hint != "n1" {
		t.Errorf("write at n2: %+v", r)
	}
	// A majority is enough, and what was written while a node was away reaches it.
	if err := c.stop(3); err != nil {
		t.Errorf("stop n3: %v", err)
	}
	do(t, e, put("x", 7))
	c.start(3)
	if err := c.stop(2); err != nil {
		t.Errorf("stop n2: %v", err)
	}
	do(t, e, put("x", 8)) // only n3 can have confirmed it
	// All of it is on disk.
	if err := c.stop(1); err != nil {
		t.Errorf("stop n1: %v", err)
	}
	c.start(1)
	wantValue(t, c.dial(1), "x", 8)
	if s, err := c.dial(1).Report(context.Background()); err != nil || s.Boot != 2 ||
		s.Role != "leader" || s.Protocol != "primary-copy" || s.Commit < 4 {
		t.Errorf("report %+v, %v", s, err)
	}
}

func TestObservationsSpeakBeforeReplies(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	c.start(1)
	e := c.dial(1)
	for i := range 50 {
		do(t, e, put("x", int64(i)))
		// The reply is here, so the commit that explains it stands in the file.
		text, err := os.ReadFile(c.configs[1].Observations)
		if err != nil {
			t.Fatal(err)
		}
		all, err := nodes.ParseObserved(text)
		if err != nil {
			t.Fatal(err)
		}
		last := all[len(all)-1]
		if last.Fact != nodes.Committed || last.Index != uint64(i+1) || last.Boot != 1 ||
			last.Seq != uint64(len(all)-1) || last.Node != 1 {
			t.Fatalf("after write %d the last of %d observations is %+v", i, len(all), last)
		}
	}
}

func TestStopEndsTheHostAndAnswersDoubt(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	cfg := c.configs[1]
	cfg.Node.Options = map[string]string{"on-command": "stop"}
	c.configs[1] = cfg
	c.start(1)
	r := do(t, c.dial(1), put("x", 1))
	if r.Status != kv.Indefinite || r.Code != kv.Stopped {
		t.Errorf("command of a stopping node: %+v", r)
	}
	err := <-c.lives[1].ended
	if !errors.Is(err, ErrStop) || !strings.Contains(err.Error(), "told to") {
		t.Errorf("Run: %v", err)
	}
	delete(c.lives, 1)
}

func TestGracefulStopAnswersWhatIsOpen(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	cfg := c.configs[1]
	cfg.Node.Options = map[string]string{"on-command": "ignore"}
	c.configs[1] = cfg
	c.start(1)
	e := c.dial(1)
	answered := make(chan kv.Result, 1)
	go func() {
		r, _ := e.Do(context.Background(), put("x", 1))
		answered <- r
	}()
	time.Sleep(50 * time.Millisecond) // either way the answer must come; mostly it is open by now
	if err := c.stop(1); err != nil {
		t.Errorf("stop: %v", err)
	}
	if r := <-answered; r.Status != kv.Indefinite && r.Status != 0 {
		t.Errorf("open command of a node that was stopped: %+v", r)
	}
}

func TestSecondAnswerIsDropped(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	cfg := c.configs[1]
	cfg.Node.Options = map[string]string{"on-command": "twice"}
	c.configs[1] = cfg
	c.start(1)
	e := c.dial(1)
	for range 3 {
		if r := do(t, e, put("x", 1)); r.Status != kv.OK {
			t.Errorf("%+v", r)
		}
	}
}

// runPanicking is the process of TestPanicIsSeen.
func runPanicking() {
	p := primaryCopy
	err := Run(context.Background(), Config{Protocol: p,
		Node: nodes.Config{Self: 1, Members: []nodes.ID{1},
			Options: map[string]string{"on-command": "panic"}},
		Listen: "127.0.0.1:0", Client: os.Getenv("HOST_TEST_CLIENT"),
		Data: os.Getenv("HOST_TEST_PANIC"), Observations: os.Getenv("HOST_TEST_PANIC") + "/OBS"})
	fmt.Fprintln(os.Stderr, "Run returned:", err)
}

func TestPanicIsSeen(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	address := c.configs[1].Client
	c.held[address].Close()
	defer c.held[c.configs[1].Listen].Close()
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "HOST_TEST_PANIC="+dir, "HOST_TEST_CLIENT="+address)
	var stderr strings.Builder
	child.Stderr = &stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	_, err := c.dial(1).Do(context.Background(), put("x", 1))
	if !errors.Is(err, nodes.ErrClosed) {
		t.Errorf("a command that kills the node: %v", err)
	}
	_ = child.Wait()
	if code := child.ProcessState.ExitCode(); code != 2 ||
		!strings.Contains(stderr.String(), "panic: primary: told to") ||
		!strings.Contains(stderr.String(), "primary_test.go") {
		t.Errorf("exit %d, stderr: %s", code, &stderr)
	}
	text, err := os.ReadFile(dir + "/OBS")
	if err != nil || !strings.Contains(string(text), `"term":77`) {
		t.Errorf("what the node saw before it panicked is lost: %q, %v", text, err)
	}
}

func TestRunRefusesAtOnce(t *testing.T) {
	good := func() Config {
		return Config{Protocol: primaryCopy, Node: nodes.Config{Self: 1, Members: []nodes.ID{1}},
			Listen: "127.0.0.1:0", Client: "127.0.0.1:0", Data: t.TempDir(),
			Observations: t.TempDir() + "/obs"}
	}
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"a stranger", func(c *Config) { c.Node.Self = 9 }, "not among its members"},
		{"an unknown bug", func(c *Config) { c.Node.Bug = "zzz" }, "zzz"},
		{"no address", func(c *Config) { c.Listen = "256.0.0.1:x" }, "listen for peers"},
		{"no client address", func(c *Config) { c.Client = "256.0.0.1:x" }, "listen for clients"},
		{"no data directory", func(c *Config) { c.Data = "/dev/null/x" }, "data directory"},
		{"no observations", func(c *Config) { c.Observations = "/dev/null/x" }, "boots"},
		{"damaged boot count", func(c *Config) {
			os.WriteFile(c.Observations+".boot", []byte("many"), 0o644)
		}, "many"},
	} {
		cfg := good()
		c.change(&cfg)
		if err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Run returned %v", c.name, err)
		}
	}
}
