package agent

import (
	"fmt"
	"io"
	"net"
	"time"
)

// dialMax is how long an agent may take until it listens.
const dialMax = 5 * time.Second

// Control carries lines between stdin and stdout and the agent's socket, until either ends. It is
// what `docker exec -i NODE ... ctl` runs: the exec is the wire, so no port is open and no cut
// can reach it.
func Control(socket string, stdin io.Reader, stdout io.Writer) error {
	conn, err := dial(socket)
	if err != nil {
		return fmt.Errorf("reach agent: %w", err)
	}
	defer conn.Close()
	ended := make(chan error, 2)
	go func() {
		_, err := io.Copy(conn, stdin)
		ended <- err
	}()
	go func() {
		_, err := io.Copy(stdout, conn)
		ended <- err
	}()
	if err := <-ended; err != nil {
		return fmt.Errorf("carry control lines: %w", err)
	}
	return nil
}

// dial waits for an agent that has just been started: another exec would cost a lot more.
func dial(socket string) (net.Conn, error) {
	for limit := time.Now().Add(dialMax); ; time.Sleep(2 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil || time.Now().After(limit) {
			return conn, err
		}
	}
}
