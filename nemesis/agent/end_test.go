//go:build linux && (amd64 || arm64)

package agent

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"sunder/nemesis"
)

// polite ends when it is asked to, and says so.
func polite() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, unix.SIGTERM)
	fmt.Println("up")
	<-asked
	fmt.Println("bye")
}

// stubborn does not.
func stubborn() {
	signal.Ignore(unix.SIGTERM)
	fmt.Println("up")
	time.Sleep(time.Hour)
}

// container is the agent as the first process of a container: it has nothing but its socket.
func container() {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		panic(err)
	}
	err = Run(context.Background(), Config{
		Command: []string{self},
		Env:     []string{"AGENT_TEST_ROLE=" + os.Getenv("AGENT_TEST_NODE")},
		Socket:  os.Getenv("AGENT_TEST_SOCKET"), Grace: 300 * time.Millisecond,
		Log: hclog.New(&hclog.LoggerOptions{Output: os.Stderr}),
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("the agent ended")
}

// As in `docker stop`: the first process gets SIGTERM. Its node may clean up, paused or not, and
// is killed if it does not end.
func TestTermEndsNodeAndAgent(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: no process namespace can be made")
	}
	for _, c := range []struct {
		node, want string
		state      nemesis.State
	}{
		{"polite", "up\nbye\nthe agent ended\n", nemesis.State{}},
		{"polite", "up\nbye\nthe agent ended\n", nemesis.State{Paused: true}},
		{"polite", "up\nthe agent ended\n", nemesis.State{Killed: true}},
		{"stubborn", "up\nthe agent ended\n", nemesis.State{}},
	} {
		t.Run(fmt.Sprintf("%s paused %v killed %v", c.node, c.state.Paused, c.state.Killed),
			func(t *testing.T) {
				dir := t.TempDir()
				socket, name := filepath.Join(dir, "control", "s"), filepath.Join(dir, "out")
				out, err := os.Create(name)
				if err != nil {
					t.Fatal(err)
				}
				defer out.Close()
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), "AGENT_TEST_ROLE=container", "AGENT_TEST_NODE="+c.node,
					"AGENT_TEST_SOCKET="+socket)
				cmd.Stdout, cmd.Stderr = out, testLog{t}
				cmd.SysProcAttr = &syscall.SysProcAttr{
					Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET,
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				client := dialAgent(t, socket)
				said := func() string {
					text, err := os.ReadFile(name)
					if err != nil {
						t.Fatal(err)
					}
					return string(text)
				}
				for !strings.HasPrefix(said(), "up\n") {
					time.Sleep(5 * time.Millisecond)
				}
				if e := apply(t, client, c.state); e.Process.PID == 0 {
					t.Errorf("%+v", e)
				}
				if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err != nil {
					t.Error(err)
				}
				if got := said(); got != c.want {
					t.Errorf("it said %q, want %q", got, c.want)
				}
			})
	}
}
