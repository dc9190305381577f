package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// ErrNoDaemon says that no Docker daemon answers. Its text is one line: what was tried, and what
// to do.
var ErrNoDaemon = errors.New("no Docker daemon answers")

// daemon is a Docker daemon that answers.
type daemon struct {
	provider *testcontainers.DockerProvider
	api      client.APIClient // the one that testcontainers uses
	host     string
	info     system.Info
	reaper   string // whether Ryuk is used, as a phrase
	inside   bool   // we ourselves run in a container, which stands in the nodes' network
	log      hclog.Logger
}

// reach finds a daemon and only then lets testcontainers look at its configuration, because that
// is read once a process and Ryuk must have been decided upon before.
func reach(ctx context.Context, log hclog.Logger) (*daemon, error) {
	first, err := answering(ctx)
	if err != nil {
		return nil, err
	}
	defer first.Close()
	d := &daemon{host: first.DaemonHost(), log: log, reaper: settleReaper(ctx, first)}
	lines := tclines{log.Named("testcontainers")}
	tclog.SetDefault(lines)
	d.provider, err = testcontainers.NewDockerProvider(
		testcontainers.Generic2DockerOptions(testcontainers.WithLogger(lines))...)
	if err != nil {
		return nil, fmt.Errorf("prepare testcontainers: %w", err)
	}
	d.api = d.provider.Client()
	info, err := d.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, fmt.Errorf("ask Docker what it is: %w", err)
	}
	d.info = info.Info
	return d, nil
}

// answering is a client of the first daemon that answers, looked for where testcontainers looks.
func answering(ctx context.Context) (*client.Client, error) {
	var tried []string
	for _, host := range hosts() {
		c, err := client.New(client.FromEnv, client.WithHost(host))
		if err == nil {
			err = ping(ctx, c)
		}
		if err == nil {
			return c, nil
		}
		if c != nil {
			c.Close()
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("reach Docker at %s: %w", host, context.Cause(ctx))
		}
		tried = append(tried, fmt.Sprintf("%s (%s)", host, cause(err)))
	}
	return nil, fmt.Errorf("%w: tried %s; start one (systemctl start docker, Docker Desktop), or "+
		"set DOCKER_HOST to where it listens", ErrNoDaemon, strings.Join(tried, ", "))
}

func ping(ctx context.Context, c *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := c.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	return err
}

// hosts are the places where a daemon may listen, most likely first.
func hosts() []string {
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		return []string{host}
	}
	sockets := []string{"/var/run/docker.sock"}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		sockets = append(sockets, filepath.Join(dir, "docker.sock"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		sockets = append(sockets, filepath.Join(home, ".docker/run/docker.sock"),
			filepath.Join(home, ".docker/desktop/docker.sock"))
	}
	sockets = append(sockets, fmt.Sprintf("/run/user/%d/docker.sock", os.Getuid()))
	slices.Sort(sockets[1:])
	sockets = slices.Compact(sockets)
	sockets = slices.DeleteFunc(sockets, func(path string) bool {
		_, err := os.Stat(path)
		return errors.Is(err, os.ErrNotExist) && path != sockets[0]
	})
	for i, path := range sockets {
		sockets[i] = "unix://" + path
	}
	return sockets
}

// cause says in few words why a daemon did not answer.
func cause(err error) string {
	switch {
	case strings.Contains(err.Error(), "permission denied"): // it wraps nothing
		return "permission denied: is this user in the group docker?"
	case errors.Is(err, os.ErrNotExist):
		return "no such socket"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer within 5s"
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// reaperImage is what testcontainers v0.45 runs as its reaper.
const reaperImage = "testcontainers/ryuk:0.14.0"

// settleReaper decides whether testcontainers may use its reaper, Ryuk: only where its image is
// there already, because no registry may be needed. Without it, what a dead harness leaves is
// removed by the next start. Who set the variable to false has decided otherwise.
func settleReaper(ctx context.Context, c *client.Client) string {
	const variable = "TESTCONTAINERS_RYUK_DISABLED"
	image := strings.TrimSuffix(os.Getenv("TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX"), "/")
	if image != "" {
		image += "/"
	}
	image += reaperImage
	_, err := c.ImageInspect(ctx, image)
	value := os.Getenv(variable)
	switch {
	case err != nil && value != "false":
		if err := os.Setenv(variable, "true"); err != nil {
			return fmt.Sprintf("cannot be switched off: %v", err)
		}
		return fmt.Sprintf("not used, because there is no image %s here", image)
	case value != "":
		return fmt.Sprintf("as %s=%s says", variable, value)
	}
	return "used: its image is here"
}

// tclines are testcontainers' own log lines.
type tclines struct{ log hclog.Logger }

// Printf logs a line, or several as one.
func (t tclines) Printf(format string, args ...any) {
	if t.log.IsDebug() {
		text := strings.TrimSpace(fmt.Sprintf(format, args...))
		t.log.Debug(strings.Join(strings.Fields(text), " "))
	}
}
