// Command node is the smallest program that can stand in an image: agent, control, and a node
// that says its name and how often it was started.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"sunder/nemesis/agent"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(role string, args []string) error {
	switch role {
	case "agent":
		return agent.Run(context.Background(), agent.Config{Command: args[2:], Hold: true})
	case "ctl":
		return agent.Control(agent.Socket, os.Stdin, os.Stdout)
	case "node":
		return node()
	case "mute": // listens to nobody
		fmt.Println("I shall \x1b[31mnever\x1b[0m be ready")
		time.Sleep(time.Hour)
	case "fail":
		return fmt.Errorf("no luck today")
	}
	return fmt.Errorf("unknown role %q", role)
}

func node() error {
	boots, _ := os.ReadFile("/data/boots")
	boots = append(boots, '|')
	if err := os.WriteFile("/data/boots", boots, 0o644); err != nil {
		return err
	}
	fmt.Println("boot", len(boots))
	for peer := range strings.SplitSeq(os.Getenv("PEERS"), ",") {
		go knock(peer)
	}
	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			self, _ := os.ReadFile("/conf/deep/self")
			status, _ := os.ReadFile("/proc/self/status")
			for line := range strings.Lines(string(status)) {
				if strings.HasPrefix(line, "CapBnd") {
					fmt.Fprintf(conn, "boot %d %s in %s %s", len(boots), self, fmt.Sprint(time.Now().Year()), line)
				}
			}
		}()
	}
}

// knock sends a datagram to a peer again and again, whether or not it is heard.
func knock(peer string) {
	conn, err := net.Dial("udp", peer+":9")
	if err != nil {
		return
	}
	for {
		conn.Write([]byte("knock"))
		time.Sleep(10 * time.Millisecond)
	}
}
