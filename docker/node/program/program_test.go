package program

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sunder/nodes"
	"sunder/nodes/raft"
)

// The processes of these tests are this test binary, run as the program.
func TestMain(m *testing.M) {
	if os.Getenv("PROGRAM_TEST") != "" {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

func TestMistakesAreOneLine(t *testing.T) {
	node := func(args ...string) []string { return append([]string{"node"}, args...) }
	good := []string{"--id", "n1", "--protocol", "raft", "--peers", "n1=127.0.0.1:1"}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"nodde"}, "agent, ctl, node"},
		{[]string{"agent"}, "no program to run"},
		{[]string{"agent", "--log-level", "loud", "--", "/bin/true"}, "trace, debug, info"},
		{[]string{"ctl", "stray"}, `stray argument "stray"`},
		{node("--zz"), "-zz"},
		{node(), "-id is missing"},
		{node("--id", "n1"), "-peers is missing"},
		{node("--id", "one"), "want one like n1"},
		{node("--id", "n1", "--peers", "n1=127.0.0.1:1"), "-protocol is missing"},
		{node("--peers", "n1"), "address of n1: want host:port"},
		{node("--peers", "n1=a:1,n1=b:1"), "n1 stands there twice"},
		{node("--peers", ""), "want one like n1"},
		{node(append(good, "--protocol", "rafft")...), "rafft"},
		{node(append(good, "--id", "n2")...), "n2 is not among its members"},
		{node(append(good, "--option", "reads")...), "want name=value"},
		{node(append(good, "--option", "reads=maybe")...), "readindex, log, lease, local"},
		{node(append(good, "--option", "writes=no")...), "no option"},
		{node(append(good, "--bug", "butterfly")...), "butterfly"},
		{node(append(good, "--log-level", "loud")...), "loud"},
		{node(append(good, "stray")...), "stray argument"},
	} {
		var stdout, stderr bytes.Buffer
		got := Main(c.args, strings.NewReader(""), &stdout, &stderr)
		if got != exitUsage || strings.Count(stderr.String(), "\n") != 1 ||
			!strings.Contains(stderr.String(), c.want) || stdout.Len() > 0 {
			t.Errorf("%v: exit %d, %q, want %q", c.args, got, &stderr, c.want)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"agent", "-h"}, {"ctl", "--help"}, {"node", "-help"}} {
		var out bytes.Buffer
		if got := Main(args, strings.NewReader(""), &out, &out); got != 0 || out.Len() < 50 {
			t.Errorf("%v: exit %d, %q", args, got, &out)
		}
	}
}

// TestDeployedCommandIsUnderstood reads the flags that a deployment writes.
func TestDeployedCommandIsUnderstood(t *testing.T) {
	s := System(raft.Protocol(), map[string]string{"reads": "log", "snapshot": "off"}, "stale-read")
	members := []nodes.Member{{ID: 1, Host: "10.0.0.1"}, {ID: 2, Host: "10.0.0.2"},
		{ID: 3, Host: "10.0.0.3"}}
	d := s.Deploy(2, members)
	if d.Command[1] != "node" || s.Name() != "raft" || len(s.Ops()) == 0 {
		t.Errorf("system %s deploys %v", s.Name(), d.Command)
	}
	c, err := parseNode(d.Command[2:], os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if c.Node.Self != 2 || !slices.Equal(c.Node.Members, []nodes.ID{1, 2, 3}) ||
		c.Peers[3] != "10.0.0.3:7000" || c.Node.Bug != "stale-read" || c.Cluster != "raft" ||
		c.Node.Options["reads"] != "log" || c.Node.Options["snapshot"] != "off" ||
		c.Client != ":8080" || d.ClientPort != 8080 ||
		!strings.HasPrefix(c.Data, d.Data+"/") || !strings.HasPrefix(c.Observations, d.Data+"/") {
		t.Errorf("%v was read as %+v", d.Command, c)
	}
	if same := s.Deploy(2, members); !slices.Equal(same.Command, d.Command) {
		t.Errorf("the command changes from call to call: %v", same.Command)
	}
}
