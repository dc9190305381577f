//go:build linux && (amd64 || arm64)

package agent

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// edgePort is where probes go: discard (RFC 863), where nobody listens in a node's container.
const edgePort = 9

// probeEdges sends a datagram to every peer. A peer that drops what this node sends counts it, and
// so a cut is proven over an edge on which the protocol itself has nothing to say.
func probeEdges(peers map[string]netip.Addr) error {
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return fmt.Errorf("probe edges: %w", err)
	}
	defer conn.Close()
	var errs []error
	for _, a := range peers {
		_, err := conn.WriteToUDPAddrPort([]byte("sunder"), netip.AddrPortFrom(a, edgePort))
		if err != nil {
			errs = append(errs, fmt.Errorf("probe edges: %w", err))
		}
	}
	return errors.Join(errs...)
}
