package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
)

func TestMain(m *testing.M) {
	if os.Getenv("DOCKER_TEST_ORPHAN") != "" {
		orphan()
	}
	goleak.VerifyTestMain(m)
}

// needDocker skips a test where no daemon answers, unless Docker is required.
func needDocker(t testing.TB) *daemon {
	t.Helper()
	if os.Getenv("SUNDER_REQUIRE_DOCKER") != "1" && testing.Short() {
		t.Skip("containers are not for -short")
	}
	d, err := reach(t.Context(), testLog(t))
	if err != nil {
		if os.Getenv("SUNDER_REQUIRE_DOCKER") == "1" {
			t.Fatalf("SUNDER_REQUIRE_DOCKER=1, but: %v", err)
		}
		t.Skipf("no container test: %v", err)
	}
	t.Cleanup(d.close)
	return d
}

type logWriter struct{ t testing.TB }

func (w logWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", strings.TrimSpace(string(p)))
	return len(p), nil
}

func testLog(t testing.TB) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: logWriter{t}, Level: hclog.Debug,
		DisableTime: true})
}

// testProgram is the program of testdata/node, built once, or the one that was brought along: to
// run these tests inside a container, say, where there is no compiler.
var testProgram = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("DOCKER_TEST_PROGRAM"); path != "" {
		return path, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "sunder", "docker-test-node")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w",
		"-o", path, "./testdata/node")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build test node: %w: %s", err, text)
	}
	return path, nil
})

// testConfig is a cluster of test nodes that play a role.
func testConfig(t testing.TB, n int, role string) Config {
	t.Helper()
	program, err := testProgram()
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Nodes: n, Program: program, Log: testLog(t), Ready: ready,
		Deploy: func(self nodes.ID, members []nodes.Member) nodes.Deployment {
			var peers []string
			for _, m := range members {
				if m.ID != self {
					peers = append(peers, m.Host)
				}
			}
			return nodes.Deployment{
				Command: []string{Program, role}, Data: "/data", ClientPort: 8080,
				Env:   map[string]string{"PEERS": strings.Join(peers, ",")},
				Files: map[string][]byte{"/conf/deep/self": []byte(self.String())},
			}
		},
	}
}

func ready(ctx context.Context, address string) error {
	_, err := greet(ctx, address)
	return err
}

// greet is what a test node says to whoever connects.
func greet(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(2 * time.Second))
	text, err := io.ReadAll(conn)
	if err == nil && len(text) == 0 {
		err = io.ErrUnexpectedEOF
	}
	return string(text), err
}

// startTest starts a cluster that is closed at the end, and sees that Docker is then what it was.
func startTest(t testing.TB, config Config) *Cluster {
	t.Helper()
	d := needDocker(t)
	before := inventory(t, d)
	c, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if after := inventory(t, d); !slices.Equal(before, after) {
			t.Errorf("Docker held before:\n%q\nand after:\n%q", before, after)
		}
	})
	return c
}

// inventory is what `docker ps -a`, `docker network ls` and `docker volume ls` show of ours.
func inventory(t testing.TB, d *daemon) []string {
	t.Helper()
	found, err := d.belongings(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	me := self()
	for _, b := range found {
		if o, err := parseOwner(b.labels[labelOwner]); err != nil || o == me || o.dead(me) {
			names = append(names, b.name)
		}
	}
	slices.Sort(names)
	return names
}

func TestCluster(t *testing.T) {
	c := startTest(t, testConfig(t, 3, "node"))
	t.Logf("%v", c.Phases())
	ctx := t.Context()
	for _, n := range c.nodes {
		address, err := c.Address(n.id)
		if err != nil {
			t.Fatal(err)
		}
		text, err := greet(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("boot 1 %s in %d CapBnd:\t0000000000000000\n",
			n.id, time.Now().Year()); text != want {
			t.Errorf("%s at %s says %q, want %q", n.id, address, text, want)
		}
	}
	t.Run("process", func(t *testing.T) { testProcess(t, c) })
	t.Run("cut", func(t *testing.T) { testCut(t, c) })
	t.Run("container", func(t *testing.T) { testContainer(t, c) })
	t.Run("stream", func(t *testing.T) { testBrokenStream(t, c) })
	t.Run("collect", func(t *testing.T) { testCollect(t, c) })
	if _, err := c.Apply(ctx, 9, nemesis.State{}); err == nil {
		t.Error("there is a node 9 of 3")
	}
}

// testProcess kills and starts a process in place: the container never stops.
func testProcess(t *testing.T, c *Cluster) {
	ctx := t.Context()
	address, _ := c.Address(1)
	e, err := c.Apply(ctx, 1, nemesis.State{Killed: true})
	if err != nil || e.Process.State != agent.Dead || !e.Process.Exit.Killed {
		t.Fatalf("killed: %+v, %v", e.Process, err)
	}
	if text, err := greet(ctx, address); err == nil {
		t.Errorf("a dead node says %q", text)
	}
	e, err = c.Apply(ctx, 1, nemesis.State{})
	if err != nil || e.Process.State != agent.Running || e.Process.Boots != 2 {
		t.Fatalf("started: %+v, %v", e.Process, err)
	}
	awaitGreeting(t, c, 1, "boot 2")
	if e, err := c.Apply(ctx, 2, nemesis.State{Paused: true}); err != nil ||
		e.Process.State != agent.Stopped {
		t.Fatalf("paused: %+v, %v", e.Process, err)
	}
	if e, err := c.Apply(ctx, 2, nemesis.State{}); err != nil || e.Process.State != agent.Running {
		t.Fatalf("resumed: %+v, %v", e.Process, err)
	}
}

// testCut lets a node turn a deaf ear to another, and one of them live 2 years ahead.
func testCut(t *testing.T, c *Cluster) {
	can := c.Support()
	t.Logf("%+v", can)
	if !can.Network.Works || !can.Clock.Works {
		t.Skip("no faults of network or clock here")
	}
	ctx := t.Context()
	deaf := nemesis.State{Drop: []string{"n2"}}
	deaf.Clock.Realtime.Offset = 2 * 366 * 24 * time.Hour
	if e, err := c.Apply(ctx, 1, deaf); err != nil || !e.Drops["n2"].Cut || e.Drops["n3"].Cut {
		t.Fatalf("cut off from n2: %+v, %v", e.Drops, err)
	}
	awaitGreeting(t, c, 1, fmt.Sprint("boot 2 n1 in ", time.Now().Year()+2))
	var e agent.Evidence
	var err error
	for range 1000 {
		if e, err = c.Read(ctx, 1); err != nil || e.Drops["n2"].Packets > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil || e.Drops["n2"].Packets == 0 || e.Drops["n3"].Packets > 0 {
		t.Errorf("what n1 dropped: %+v, %v", e.Drops, err)
	}
	if e, err := c.Apply(ctx, 1, nemesis.State{}); err != nil || e.Drops["n2"].Cut {
		t.Errorf("healed: %+v, %v", e.Drops, err)
	}
}

// testContainer kills a container: address, volume and desired state survive it.
func testContainer(t *testing.T, c *Cluster) {
	ctx := t.Context()
	host := c.nodes[2].host
	m, err := c.Kill(ctx, 3)
	if err != nil || m.Running || m.Exit != 137 {
		t.Fatalf("killed: %+v, %v", m, err)
	}
	if m, err := c.Kill(ctx, 3); err != nil || m.Running {
		t.Errorf("killed again: %+v, %v", m, err)
	}
	want := nemesis.State{Killed: true}
	if c.Support().Network.Works {
		want.Drop = []string{"n1"}
	}
	if _, err := c.Apply(ctx, 3, want); !errors.Is(err, ErrDown) {
		t.Errorf("Apply to a dead container: %v, want %v", err, ErrDown)
	}
	m, e, err := c.Start(ctx, 3)
	if err != nil || !m.Running || e.Process.State != agent.Unborn ||
		e.Drops["n1"].Cut != (want.Drop != nil) {
		t.Fatalf("started, with a dead process and cut off: %+v, %+v, %v", m, e, err)
	}
	if m, e, err := c.Start(ctx, 3); err != nil || !m.Running || e.Process.State != agent.Unborn {
		t.Errorf("started again: %+v, %+v, %v", m, e, err)
	}
	if _, err := c.Apply(ctx, 3, nemesis.State{}); err != nil {
		t.Fatal(err)
	}
	awaitGreeting(t, c, 3, "boot 2")
	// The published port is another one now, but it answers.
	ways := c.nodes[2].ways
	if text, err := greet(ctx, ways[len(ways)-1]); !strings.HasPrefix(text, "boot 2") {
		t.Errorf("at %s it says %q (%v)", ways[len(ways)-1], text, err)
	}
	found, err := c.nodes[2].container.Inspect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found.NetworkSettings.Networks {
		if e.IPAddress != host {
			t.Errorf("it came back at %s, was at %s", e.IPAddress, host)
		}
	}
}

// testBrokenStream breaks the way to an agent. It is opened again at once, because the lease must
// not run out, and by the next question.
func testBrokenStream(t *testing.T, c *Cluster) {
	n := c.nodes[0]
	link := func() *agent.Client {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.link
	}
	broken := link()
	broken.Close()
	for range 1000 {
		if link() != broken {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if link() == broken {
		t.Error("nobody opened the broken stream again")
	}
	n.hangUp()
	if e, err := c.Apply(t.Context(), 1, nemesis.State{}); err != nil || e.Process.Boots != 2 {
		t.Errorf("after the stream broke: %+v, %v", e.Process, err)
	}
}

func testCollect(t *testing.T, c *Cluster) {
	dir := t.TempDir()
	if _, err := c.Apply(t.Context(), 1, nemesis.State{Paused: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Kill(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := c.Collect(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"n1/data/boots": "||", "n1/stdout.log": "boot 1\nboot 2\n", "n2/stdout.log": "boot 1\n",
		"n2/data/boots": "|", "n3/data/boots": "||",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); string(got) != want || err != nil {
			t.Errorf("%s holds %q (%v), want %q", name, got, err, want)
		}
	}
}

func awaitGreeting(t *testing.T, c *Cluster, id nodes.ID, want string) {
	t.Helper()
	var text string
	var err error
	for range 200 {
		address, _ := c.Address(id)
		if text, err = greet(t.Context(), address); strings.HasPrefix(text, want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s says %q (%v), want %q", id, text, err, want)
}

// Where a container's own address does not answer, clients go to the published port, wherever that
// is after each start.
func TestPublishedPort(t *testing.T) {
	if os.Getenv("DOCKER_TEST_PROGRAM") != "" {
		t.Skip("inside of a container there is no published port for us")
	}
	config := testConfig(t, 1, "node")
	config.Ready = func(ctx context.Context, address string) error {
		if !strings.HasPrefix(address, "127.0.0.1:") {
			return errors.New("a firewall stands in between")
		}
		return ready(ctx, address)
	}
	c := startTest(t, config)
	for boot := 1; boot <= 2; boot++ {
		if address, _ := c.Address(1); !strings.HasPrefix(address, "127.0.0.1:") {
			t.Errorf("boot %d: clients go to %s", boot, address)
		}
		awaitGreeting(t, c, 1, fmt.Sprint("boot ", boot))
		if _, err := c.Kill(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Start(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
}

// A node that never becomes ready shows its last words, made harmless, and leaves nothing.
func TestNeverReady(t *testing.T) {
	for role, want := range map[string][]string{
		"mute": {"n1 never became ready: not within 1s", "I shall \uFFFD[31mnever"},
		"fail": {"n1 never became ready: its process has ended with status 1", "no luck today"},
	} {
		d := needDocker(t)
		before := inventory(t, d)
		config := testConfig(t, 1, role)
		config.ReadyMax = time.Second
		_, err := Start(t.Context(), config)
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v\nwant it to say %q", role, err, w)
			}
		}
		if after := inventory(t, d); !slices.Equal(before, after) {
			t.Errorf("Docker held before:\n%q\nand after:\n%q", before, after)
		}
	}
}

// Ctrl-C while a cluster starts leaves nothing.
func TestStartCancelled(t *testing.T) {
	d := needDocker(t)
	before := inventory(t, d)
	config := testConfig(t, 2, "mute")
	ctx, cancel := context.WithCancel(t.Context())
	config.Ready = func(context.Context, string) error {
		cancel()
		return errors.New("not yet")
	}
	if _, err := Start(ctx, config); !errors.Is(err, context.Canceled) {
		t.Errorf("Start: %v, want %v", err, context.Canceled)
	}
	if after := inventory(t, d); !slices.Equal(before, after) {
		t.Errorf("Docker held before:\n%q\nand after:\n%q", before, after)
	}
}

// What a harness leaves that was killed is removed by the next one.
func TestClean(t *testing.T) {
	d := needDocker(t)
	config := testConfig(t, 2, "node")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "DOCKER_TEST_ORPHAN="+config.Program)
	text, err := child.CombinedOutput()
	run, found := strings.CutPrefix(string(text), "run ")
	if err == nil || !found {
		t.Fatalf("orphan: %v: %s", err, text)
	}
	left, err := d.belongings(t.Context(), run)
	if err != nil || len(left) != 5 {
		t.Fatalf("a killed harness of 2 nodes left %d things, want 5 (%v)", len(left), err)
	}
	runs, err := Clean(t.Context(), testLog(t))
	if err != nil || !slices.Contains(runs, run) {
		t.Errorf("Clean removed %q (%v), want %q among them", runs, err, run)
	}
	left, err = d.belongings(t.Context(), run)
	if err != nil || len(left) != 0 {
		t.Errorf("Clean left %d things (%v)", len(left), err)
	}
}

// orphan starts a cluster and dies like a harness that was killed.
func orphan() {
	c, err := Start(context.Background(), Config{
		Nodes: 2, Program: os.Getenv("DOCKER_TEST_ORPHAN"),
		Deploy: func(nodes.ID, []nodes.Member) nodes.Deployment {
			return nodes.Deployment{
				Command: []string{Program, "node"}, Data: "/data", ClientPort: 8080,
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Print("run ", c.run)
	self, _ := os.FindProcess(os.Getpid())
	self.Kill()
	select {}
}

func TestDoctor(t *testing.T) {
	d := needDocker(t)
	before := inventory(t, d)
	program, err := testProgram()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Doctor(t.Context(), Config{Program: program, Log: testLog(t)}) {
		t.Logf("%-20s %-5v %s", f.What, f.Works, f.Text)
		if !f.Works || f.Text == "" { // every fault works on the machines of our CI
			t.Errorf("%s does not work: %s", f.What, f.Text)
		}
	}
	if after := inventory(t, d); !slices.Equal(before, after) {
		t.Errorf("Docker held before:\n%q\nand after:\n%q", before, after)
	}
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	if found := Doctor(t.Context(), Config{}); len(found) != 1 || found[0].Works {
		t.Errorf("without a daemon: %+v", found)
	}
}

func TestNoDaemon(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	_, err := Start(t.Context(), testConfig(t, 1, "node"))
	if !errors.Is(err, ErrNoDaemon) || strings.Contains(err.Error(), "\n") ||
		!strings.Contains(err.Error(), "unix:///nowhere/docker.sock (no such socket)") {
		t.Errorf("Start: %v", err)
	}
}

func BenchmarkStart(b *testing.B) {
	needDocker(b)
	config := testConfig(b, 5, "node")
	config.Log = hclog.NewNullLogger()
	for b.Loop() {
		c, err := Start(b.Context(), config)
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range c.Phases() {
			b.ReportMetric(float64(p.Took.Milliseconds()), strings.ReplaceAll(p.Name, " ", "-")+"-ms")
		}
		began := time.Now()
		if err := c.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "close-ms")
	}
}

func BenchmarkApply(b *testing.B) {
	needDocker(b)
	config := testConfig(b, 1, "node")
	config.Log = hclog.NewNullLogger()
	c, err := Start(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(context.Background())
	for b.Loop() {
		if _, err := c.Apply(b.Context(), 1, nemesis.State{}); err != nil {
			b.Fatal(err)
		}
	}
}
