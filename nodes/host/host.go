// Package host runs one node for real: it is the Env of a process with sockets, files and a
// clock.
//
// One goroutine, the owner, runs the node. Everything else (client connections, peers, the disk)
// posts functions to the owner's inbox and never touches the node. A turn of the owner takes what
// waits in the inbox, then writes what was observed, then lets messages and replies leave: so no
// effect is seen that the observations do not explain.
package host

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/nodes"
)

// ErrStop is returned by Run, wrapped with the reason, when the node or its host stopped
// deliberately: after a failed fsync, say.
var ErrStop = errors.New("node stopped")

// Config says which node to run, and where.
type Config struct {
	Protocol nodes.Protocol
	Node     nodes.Config
	// Cluster names the cluster: a connection from another one is refused.
	Cluster string
	Peers   map[nodes.ID]string // where the other members listen for peers, host:port
	Listen  string              // where this one does
	Client  string              // where it listens for clients, HTTP
	Data    string              // directory of the node's files; made where it is missing
	// Observations is the file that observations are appended to, over all boots. Beside it
	// stands a file with the number of the last boot.
	Observations string
	Log          hclog.Logger

	outside outside // nil parts: the real ones
}

// outside is what tests put in place of the machine.
type outside struct {
	listen func(network, address string) (net.Listener, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	files  func(path string) (files, error)
}

// Run runs the node until ctx ends, which is a success, or until it stops: then the error is an
// ErrStop, or says what of the machine failed. A panic of the node is not caught: it ends the
// process with the stack on standard error and status 2, like any panic.
func Run(ctx context.Context, c Config) error {
	if err := c.Protocol.Check(c.Node); err != nil {
		return err
	}
	h, err := open(c)
	if err != nil {
		return fmt.Errorf("start node %s: %w", c.Node.Self, err)
	}
	return h.run(ctx)
}

// host is a running node. Fields up to inbox belong to the owner.
type host struct {
	cfg      Config
	log      hclog.Logger
	node     nodes.Node
	disk     *disk
	observer *observer
	timers   timers
	random   random
	requests requests
	outgoing map[nodes.ID]*outgoing
	staged   []effect        // what leaves at the end of the turn
	itself   []nodes.Message // what the node sent to itself
	stopping string          // why the node shall stop; empty while it runs
	failed   error           // what of the machine failed

	inbox   chan func()
	done    chan struct{} // closed when the owner ended
	began   time.Time     // origin of the node's monotonic clock
	boot    uint64
	last    lastStatus
	peers   net.Listener
	clients net.Listener
	opened  []io.Closer
}

// inboxMax bounds what waits for the owner. Whoever posts to a full inbox waits, which is how a
// slow node slows its peers and clients down; the owner itself never posts.
const inboxMax = 1024

// open makes a host of everything that can fail before the node lives.
func open(c Config) (*host, error) {
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	h := &host{cfg: c, log: c.Log, inbox: make(chan func(), inboxMax), done: make(chan struct{}),
		began: time.Now(), random: random{seed: bootSeed()}}
	h.outgoing = make(map[nodes.ID]*outgoing, len(c.Peers))
	for id, address := range c.Peers {
		if id != c.Node.Self {
			h.outgoing[id] = newOutgoing(h, id, address)
		}
	}
	err := h.listen()
	if err == nil {
		err = h.openFiles()
	}
	if err == nil {
		if h.node, err = c.Protocol.New(c.Node); err != nil {
			err = fmt.Errorf("make %s node: %w", c.Protocol.Name, err)
		}
	}
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// listen comes before the files: whoever holds the ports owns them.
func (h *host) listen() (err error) {
	forPeers, forClients := h.cfg.outside.listen, h.cfg.outside.listen
	if h.cfg.outside.listen == nil {
		forPeers, forClients = listenPeers, net.Listen
	}
	if h.peers, err = forPeers("tcp", h.cfg.Listen); err != nil {
		return fmt.Errorf("listen for peers: %w", err)
	}
	h.opened = append(h.opened, h.peers)
	if h.clients, err = forClients("tcp", h.cfg.Client); err != nil {
		return fmt.Errorf("listen for clients: %w", err)
	}
	h.opened = append(h.opened, h.clients)
	return nil
}

func (h *host) openFiles() (err error) {
	if h.observer, err = openObserver(h.cfg.Observations, h.cfg.Node.Self); err != nil {
		return err
	}
	h.opened = append(h.opened, h.observer)
	h.boot = h.observer.boot
	open := h.cfg.outside.files
	if open == nil {
		open = openDirectory
	}
	files, err := open(h.cfg.Data)
	if err != nil {
		return err
	}
	h.opened = append(h.opened, files)
	h.disk = newDisk(files, h.synced)
	return nil
}

// close closes what was opened. The listeners were closed before, if the node ran.
func (h *host) close() error {
	var err error
	for _, o := range slices.Backward(h.opened) {
		if e := o.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// bootSeed is a new seed: no two boots of a node may make the same choices, or restarted nodes
// could repeat a split vote forever.
func bootSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

// run starts the goroutines around the owner, is the owner, and ends them again.
func (h *host) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found, err := h.disk.files.Read()
	if err != nil {
		return errors.Join(fmt.Errorf("start node %s: %w", h.cfg.Node.Self, err), h.close())
	}
	var around sync.WaitGroup
	around.Go(h.disk.run)
	for _, o := range h.outgoing {
		around.Go(func() { o.run(ctx) })
	}
	around.Go(func() { h.accept(ctx) })
	h.log.Info("node starts", "node", h.cfg.Node.Self, "protocol", h.cfg.Protocol.Name,
		"boot", h.boot, "files", len(found), "peers", h.peers.Addr(), "clients", h.clients.Addr(),
		"seed", h.random.seed)
	server := h.server()
	h.own(ctx, found, func() { around.Go(func() { h.serve(server) }) })
	cancel()
	shutdown(server)
	h.disk.stop()
	around.Wait()
	err = h.close()
	switch {
	case h.failed != nil:
		return fmt.Errorf("run node %s: %w", h.cfg.Node.Self, h.failed)
	case h.stopping != "":
		return fmt.Errorf("run node %s: %w: %s", h.cfg.Node.Self, ErrStop, h.stopping)
	}
	return err
}
