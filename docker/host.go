package docker

import (
	"context"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// arch is the machine's architecture as Go names it.
func (d *daemon) arch() string {
	switch d.info.Architecture {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	}
	return d.info.Architecture
}

// published is the host at which published ports answer. Testcontainers would take /.dockerenv
// for a proof that we are in a container, and answer with a gateway that may lead nowhere.
func (d *daemon) published() string {
	if host := os.Getenv("TESTCONTAINERS_HOST_OVERRIDE"); host != "" {
		return host
	}
	if u, err := url.Parse(d.host); err == nil && u.Scheme != "unix" && u.Scheme != "npipe" {
		return u.Hostname()
	}
	return "127.0.0.1"
}

// bindTo is the address that ports are published to: loopback, so that nobody else on the network
// can talk to a node, unless we ourselves have to come from elsewhere.
func (d *daemon) bindTo() netip.Addr {
	host := d.published()
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv4Unspecified()
}

// sysctls bound how long TCP keeps silent after a partition healed: it backs off while nothing
// gets through, and what one would measure then is TCP. Retries go up so that connections live
// as long as they would have. Both are the node's own; the first came with Linux 6.15.
func (d *daemon) sysctls() map[string]string {
	if !atLeast(d.info.KernelVersion, 6, 15) {
		return nil
	}
	return map[string]string{
		"net.ipv4.tcp_rto_max_ms": "1000",
		"net.ipv4.tcp_retries2":   "100",
	}
}

// atLeast compares a kernel's release with a version.
func atLeast(release string, major, minor int) bool {
	var v [2]int
	for i, part := range strings.SplitN(release, ".", 3)[:min(2, strings.Count(release, ".")+1)] {
		for _, c := range part {
			if c < '0' || c > '9' || v[i] > 1000 {
				break
			}
			v[i] = v[i]*10 + int(c-'0')
		}
	}
	return v[0] > major || v[0] == major && v[1] >= minor
}

// join puts the container that we ourselves run in, if we do and it is this daemon's, into the
// network of the nodes, so that their own addresses answer. Its address there is the last one:
// any other may be a node's.
func (d *daemon) join(ctx context.Context, id string, subnet netip.Prefix) {
	if _, err := os.Stat("/.dockerenv"); err != nil {
		return
	}
	name, err := os.Hostname()
	if err != nil {
		return
	}
	me, err := d.api.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if err != nil || me.Container.HostConfig == nil || me.Container.HostConfig.NetworkMode.IsHost() {
		return // /.dockerenv alone proves nothing
	}
	_, err = d.api.NetworkConnect(ctx, id, client.NetworkConnectOptions{
		Container: name,
		EndpointConfig: &network.EndpointSettings{
			IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: hostOf(subnet, 253)},
		},
	})
	if err != nil {
		d.log.Warn("we run in a container that cannot join the nodes' network", "error", err)
	}
	d.inside = err == nil
}

// close lets go of the daemon.
func (d *daemon) close() {
	if err := d.provider.Close(); err != nil {
		d.log.Debug("closing Docker's client", "error", err)
	}
}
