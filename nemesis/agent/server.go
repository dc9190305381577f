package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// Socket is where the agent listens if nothing else is said.
const Socket = "/run/sunder/agent.sock"

// Connections beyond this are hung up on; a harness needs one, and one more while it reconnects.
const connectionsMax = 8

// listen makes the socket, in a directory that only its owner can enter.
func listen(path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make control directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("make control directory: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("make control socket: %s is open to others (%v): give it a "+
			"directory of its own", dir, info.Mode().Perm())
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove old control socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("make control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("make control socket: %w", err)
	}
	return l, nil
}

// serve answers what comes in, one request at a time on each connection, until ctx ends. It
// closes l and leaves nothing running.
func serve(ctx context.Context, l net.Listener, handle func(request) reply) error {
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	room := make(chan struct{}, connectionsMax)
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept control connection: %w", err)
		}
		select {
		case room <- struct{}{}:
		default:
			conn.Close()
			continue
		}
		all.Go(func() {
			defer func() { <-room }()
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			converse(conn, handle)
		})
	}
}

// converse answers line by line until either side hangs up. A line that is no request is answered
// as such and does no harm.
func converse(conn net.Conn, handle func(request) reply) {
	in, out := newLines(conn), json.NewEncoder(conn)
	for {
		line, err := in.next()
		if err != nil && !errors.Is(err, errLineTooLong) {
			return
		}
		var q request
		if err == nil {
			q, err = decodeRequest(line)
		}
		answer := reply{ID: q.ID}
		if err != nil {
			answer.Error = err.Error()
		} else {
			answer = handle(q)
		}
		if out.Encode(answer) != nil {
			return
		}
	}
}
