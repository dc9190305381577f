package agent

import (
	"fmt"
	"io"
	"net"
)

// Control carries lines between stdin and stdout and the agent's socket, until either ends. It is
// what `docker exec -i NODE ... ctl` runs: the exec is the wire, so no port is open and no cut
// can reach it.
func Control(socket string, stdin io.Reader, stdout io.Writer) error {
	conn, err := net.Dial("unix", socket)
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
