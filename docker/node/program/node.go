package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/hashicorp/go-hclog"

	"sunder/nodes"
	"sunder/nodes/catalog"
	"sunder/nodes/host"
)

var errStopped = host.ErrStop

// runNode runs a node until SIGTERM or SIGINT, or until it stops itself.
func runNode(args []string, stderr io.Writer) error {
	c, err := parseNode(args, stderr)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	return host.Run(ctx, c)
}

// parseNode reads the flags of a node and checks all that can be without touching the machine.
func parseNode(args []string, stderr io.Writer) (host.Config, error) {
	var c host.Config
	c.Node.Options = make(map[string]string)
	flags := newFlags("node", stderr)
	flags.Func("id", "the node's `name`: n1, n2, ...", func(s string) (err error) {
		c.Node.Self, err = nodes.ParseID(s)
		return err
	})
	flags.Func("peers", "all members, this one included, `n1=host:port,...`",
		func(s string) (err error) {
			c.Peers, err = parsePeers(s)
			return err
		})
	flags.Func("option", "an option of the protocol, `name=value`; may be repeated",
		func(s string) error {
			name, value, ok := strings.Cut(s, "=")
			if !ok {
				return errors.New("want name=value")
			}
			c.Node.Options[name] = value
			return nil
		})
	protocol := flags.String("protocol", "", "the `name` of the protocol")
	flags.StringVar(&c.Node.Bug, "bug", "", "the planted bug, by `name`")
	flags.StringVar(&c.Cluster, "cluster", "",
		"`name` of the cluster; peers of another are refused (default the protocol's name)")
	flags.StringVar(&c.Listen, "listen", ":7000", "`address` for peers")
	flags.StringVar(&c.Client, "client", ":8080", "`address` for clients, HTTP")
	flags.StringVar(&c.Data, "data", "data", "`directory` of the node's files")
	flags.StringVar(&c.Observations, "observations", "",
		"`file` for observations (default observations.jsonl beside the data directory)")
	level := flags.String("log-level", "info", "least `level` that is logged")
	if err := parse(flags, args, 0); err != nil {
		return c, err
	}
	err := complete(&c, flags, *protocol)
	if err == nil {
		c.Log, err = logger(c.Node.Self.String(), *level, stderr)
	}
	if err != nil {
		return c, misuse(flags, err)
	}
	return c, nil
}

// complete derives what the flags imply.
func complete(c *host.Config, flags *flag.FlagSet, protocol string) (err error) {
	for _, need := range [...]string{"id", "peers", "protocol"} {
		given := false
		flags.Visit(func(f *flag.Flag) { given = given || f.Name == need })
		if !given {
			return fmt.Errorf("flag -%s is missing", need)
		}
	}
	if c.Protocol, err = catalog.Find(protocol); err != nil {
		return err
	}
	for id := range c.Peers { // sorted below
		c.Node.Members = append(c.Node.Members, id)
	}
	slices.Sort(c.Node.Members)
	if c.Cluster == "" {
		c.Cluster = protocol
	}
	if c.Observations == "" {
		c.Observations = filepath.Join(filepath.Dir(filepath.Clean(c.Data)), "observations.jsonl")
	}
	return c.Protocol.Check(c.Node)
}

func parsePeers(s string) (map[nodes.ID]string, error) {
	peers := make(map[nodes.ID]string)
	for _, peer := range strings.Split(s, ",") {
		name, address, _ := strings.Cut(peer, "=")
		id, err := nodes.ParseID(name)
		if err != nil {
			return nil, err
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("address of %s: want host:port, not %.60q", id, address)
		}
		if peers[id] != "" {
			return nil, fmt.Errorf("%s stands there twice", id)
		}
		peers[id] = address
	}
	return peers, nil
}

// logger logs to stderr, which is what the environment keeps as the node's log.
func logger(name, level string, stderr io.Writer) (hclog.Logger, error) {
	at := hclog.LevelFromString(level)
	if at == hclog.NoLevel {
		return nil, fmt.Errorf("log level %.40q is none of trace, debug, info, warn, error, off", level)
	}
	return hclog.New(&hclog.LoggerOptions{Name: name, Level: at, Output: stderr}), nil
}
