package docker

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"
)

// subnetBits is the size of a cluster's subnet: room for 64 nodes many times over, and small
// enough to find a gap between other people's.
const subnetBits = 24

// errCrowded says that no subnet was free.
var errCrowded = errors.New("every subnet of Docker's usual pools is taken: " +
	"remove networks that nobody uses (docker network prune)")

// createNetwork makes a bridge for a run on a subnet that nothing else uses, so that nodes can
// have addresses of their own that survive a restart. The daemon has the last word on overlaps.
func (d *daemon) createNetwork(
	ctx context.Context, labels map[string]string,
) (*testcontainers.DockerNetwork, netip.Prefix, error) {
	taken, err := d.taken(ctx)
	if err != nil {
		return nil, netip.Prefix{}, err
	}
	for _, p := range candidates(labels[labelRun]) {
		if overlapsAny(p, taken) {
			continue
		}
		net, err := tcnetwork.New(ctx, tcnetwork.WithLabels(labels), tcnetwork.WithIPAM(
			&network.IPAM{Driver: "default", Config: []network.IPAMConfig{{Subnet: p}}}))
		if err == nil {
			return net, p, nil
		}
		if !strings.Contains(strings.ToLower(err.Error()), "overlap") {
			return nil, p, fmt.Errorf("create network on %s: %w", p, err)
		}
		d.log.Debug("subnet overlaps with another one, trying the next", "subnet", p)
	}
	return nil, netip.Prefix{}, errCrowded
}

// candidates are the subnets within the pools that Docker itself takes networks from, beginning
// at a place that depends on the run, so that harnesses that start together seldom collide.
// 172.17.0.0/16 is the default bridge's.
func candidates(run string) []netip.Prefix {
	var all []netip.Prefix
	for second := 18; second < 32; second++ {
		for third := range 256 {
			all = append(all, prefix(172, second, third))
		}
	}
	for third := range 256 {
		all = append(all, prefix(192, 168, third))
	}
	var at uint
	for _, c := range run {
		at = at*31 + uint(c)
	}
	at %= uint(len(all))
	return append(all[at:len(all):len(all)], all[:at]...)
}

func prefix(first, second, third int) netip.Prefix {
	addr := netip.AddrFrom4([4]byte{byte(first), byte(second), byte(third), 0})
	return netip.PrefixFrom(addr, subnetBits)
}

// hostOf is the address of the node with that number: the bridge itself is 1.
func hostOf(subnet netip.Prefix, number int) netip.Addr {
	a := subnet.Addr().As4()
	a[3] = byte(number + 1)
	return netip.AddrFrom4(a)
}

func overlapsAny(p netip.Prefix, taken []netip.Prefix) bool {
	for _, t := range taken {
		if p.Overlaps(t) {
			return true
		}
	}
	return false
}

// taken is what other networks, this machine's interfaces and its routes use.
func (d *daemon) taken(ctx context.Context) ([]netip.Prefix, error) {
	list, err := d.api.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var all []netip.Prefix
	for _, n := range list.Items {
		for _, c := range n.IPAM.Config {
			if c.Subnet.IsValid() {
				all = append(all, c.Subnet)
			}
		}
	}
	local, err := interfaces()
	if err != nil {
		return nil, err
	}
	return append(append(all, local...), routes()...), nil
}

// interfaces are the subnets that this machine stands in.
func interfaces() ([]netip.Prefix, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var all []netip.Prefix
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p.Masked())
		}
	}
	return all, nil
}

// routes are the machine's IPv4 routes but for the default one. Where there is no such file the
// interfaces must do.
func routes() []netip.Prefix {
	file, err := os.Open("/proc/net/route")
	if err != nil {
		return nil
	}
	defer file.Close()
	var all []netip.Prefix
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if p, ok := parseRoute(lines.Text()); ok && p.Bits() > 0 {
			all = append(all, p)
		}
	}
	return all
}

// parseRoute reads a line of /proc/net/route: addresses are hexadecimal numbers in the byte order
// of the machine.
func parseRoute(line string) (netip.Prefix, bool) {
	field := strings.Fields(line)
	if len(field) < 8 {
		return netip.Prefix{}, false
	}
	to, err1 := hex.DecodeString(field[1])
	mask, err2 := hex.DecodeString(field[7])
	if err1 != nil || err2 != nil || len(to) != 4 || len(mask) != 4 {
		return netip.Prefix{}, false
	}
	var a [4]byte
	binary.NativeEndian.PutUint32(a[:], binary.BigEndian.Uint32(to))
	ones := bits.OnesCount32(binary.BigEndian.Uint32(mask))
	return netip.PrefixFrom(netip.AddrFrom4(a), ones), true
}
