package docker

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// What is kept of a node. More than that is cut, and the error says so.
const (
	collectLogMax   = 128 << 20
	collectFilesMax = 512 << 20
	collectCountMax = 10_000
)

// ErrCut says that a node wrote more than is kept.
var ErrCut = errors.New("more than is kept of a node was cut off")

// Collect saves what every node wrote into dir, which it makes: n1/stdout.log, n1/stderr.log and
// the node's data directory under its own last name, n1/data say. It works on nodes that run,
// that are paused and whose containers were killed. Of what fails the rest is still saved.
func (c *Cluster) Collect(ctx context.Context, dir string) error {
	return each(c.nodes, func(n *node) error {
		to := filepath.Join(dir, n.id.String())
		if err := os.MkdirAll(to, 0o755); err != nil {
			return fmt.Errorf("collect from %s: %w", n.id, err)
		}
		root, err := os.OpenRoot(to) // names inside come from the node
		if err != nil {
			return fmt.Errorf("collect from %s: %w", n.id, err)
		}
		defer root.Close()
		if err := errors.Join(n.collectLog(ctx, root), n.collectData(ctx, root)); err != nil {
			return fmt.Errorf("collect from %s: %w", n.id, err)
		}
		return nil
	})
}

func (n *node) collectLog(ctx context.Context, to *os.Root) error {
	logs, err := n.cluster.daemon.api.ContainerLogs(ctx, n.container.GetContainerID(),
		client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	defer logs.Close()
	stdout, err := to.Create("stdout.log")
	if err != nil {
		return err
	}
	stderr, err := to.Create("stderr.log")
	if err != nil {
		return errors.Join(err, stdout.Close())
	}
	room := &budget{left: collectLogMax}
	_, err = stdcopy.StdCopy(room.writer(stdout), room.writer(stderr), logs)
	return errors.Join(err, stdout.Close(), stderr.Close())
}

func (n *node) collectData(ctx context.Context, to *os.Root) error {
	if n.deploy.Data == "" {
		return nil
	}
	found, err := n.cluster.daemon.api.CopyFromContainer(ctx, n.container.GetContainerID(),
		client.CopyFromContainerOptions{SourcePath: n.deploy.Data})
	if err != nil {
		return fmt.Errorf("copy %s: %w", n.deploy.Data, err)
	}
	defer found.Content.Close()
	return unpack(found.Content, to)
}

// unpack writes the plain files of an archive below a directory. The archive is not trusted: a
// name cannot lead out of the directory, and links and devices are left out.
func unpack(archive io.Reader, to *os.Root) error {
	room := &budget{left: collectFilesMax}
	in := tar.NewReader(archive)
	for range collectCountMax {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = to.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = unpackFile(in, to, name, room)
		}
		if err != nil {
			return fmt.Errorf("unpack %.200q: %w", h.Name, err)
		}
	}
	return fmt.Errorf("%w: more than %d files", ErrCut, collectCountMax)
}

func unpackFile(in io.Reader, to *os.Root, name string, room *budget) error {
	if err := to.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := to.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(room.writer(f), in)
	return errors.Join(err, f.Close())
}

// budget is a number of bytes that several files share.
type budget struct{ left int64 }

func (b *budget) writer(w io.Writer) io.Writer { return limited{b, w} }

type limited struct {
	room *budget
	w    io.Writer
}

// Write writes as much of p as there is room for.
func (l limited) Write(p []byte) (int, error) {
	n, err := l.w.Write(p[:min(int64(len(p)), l.room.left)])
	l.room.left -= int64(n)
	if err == nil && n < len(p) {
		err = ErrCut
	}
	return n, err
}
