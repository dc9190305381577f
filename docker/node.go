package docker

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"

	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
)

// What a node may take of the machine.
const (
	memoryMax  = 1 << 30
	pidsMax    = 1024
	logFileMax = "32m" // of two files that are used in turn
)

// node is one member of a cluster, in its container.
type node struct {
	cluster   *Cluster
	id        nodes.ID
	host      netip.Addr // its own, as long as the cluster lives
	deploy    nodes.Deployment
	container testcontainers.Container

	mu      sync.Mutex // held while something is done to it
	want    nemesis.State
	link    *agent.Client // nil while there is no way to the agent
	down    bool          // its container was killed
	support agent.Support // what its agent can do, as it found out itself
	ways    []string      // addresses of its client port, best first, as of the last start
	way     int           // the one that clients take

	address atomic.Pointer[string] // of that way
}

// name is its container's and its volume's.
func (n *node) name() string { return "sunder-" + n.cluster.run + "-" + n.id.String() }

// create makes the container, with the agent in front of the node's command.
func (n *node) create(ctx context.Context, image string) error {
	c := n.cluster
	port, err := network.ParsePort(strconv.Itoa(n.deploy.ClientPort) + "/tcp")
	if err != nil {
		return fmt.Errorf("deploy %s: client port: %w", n.id, err)
	}
	request := testcontainers.ContainerRequest{
		Image:          image,
		Name:           n.name(),
		Entrypoint:     []string{Program, "agent", "--hold", "--"},
		Cmd:            n.deploy.Command,
		Env:            n.deploy.Env,
		Labels:         c.labels(),
		ExposedPorts:   []string{port.String()},
		Networks:       []string{c.network.Name},
		ConfigModifier: func(k *container.Config) { k.Hostname = n.id.String() },
		HostConfigModifier: func(h *container.HostConfig) {
			n.confine(h)
			h.PortBindings = network.PortMap{port: {{HostIP: c.daemon.bindTo()}}}
		},
		EndpointSettingsModifier: func(all map[string]*network.EndpointSettings) {
			for _, e := range all {
				e.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: n.host}
			}
		},
	}
	for path, content := range n.deploy.Files {
		request.Files = append(request.Files, testcontainers.ContainerFile{
			Reader: bytes.NewReader(content), ContainerFilePath: path, FileMode: 0o644,
		})
	}
	made, err := c.daemon.provider.CreateContainer(ctx, request)
	if err != nil {
		return fmt.Errorf("create container of %s: %w", n.id, err)
	}
	n.container = made
	return nil
}

// confine gives the container what the agent needs and nothing else.
func (n *node) confine(h *container.HostConfig) {
	c := n.cluster
	pids := int64(pidsMax)
	h.NetworkMode = container.NetworkMode(c.network.Name)
	h.CapDrop = []string{"ALL"}
	h.CapAdd = []string{"NET_ADMIN", "SETPCAP"} // to cut it off, and to start it without either
	h.SecurityOpt = []string{"no-new-privileges"}
	h.Resources.Memory = memoryMax
	h.Resources.PidsLimit = &pids
	h.Sysctls = c.daemon.sysctls()
	h.LogConfig = container.LogConfig{
		Type:   "json-file",
		Config: map[string]string{"max-size": logFileMax, "max-file": "2"},
	}
	if n.deploy.Data != "" {
		h.Mounts = []mount.Mount{{
			Type: mount.TypeVolume, Source: n.name(), Target: n.deploy.Data,
			VolumeOptions: &mount.VolumeOptions{Labels: c.labels()},
		}}
	}
}
