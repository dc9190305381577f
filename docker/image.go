package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/jsonmessage"
)

//go:embed Dockerfile
var dockerfile []byte

// Program is where the program stands in a container.
const Program = "/sunder"

const (
	repository = "sunder-node"
	// keepImages is how long an image lives that is not the current one. Another checkout of this
	// program may have built it, and be about to start its nodes.
	keepImages = time.Hour
)

// image makes sure that there is an image with this program, and returns its name, which is the
// program's hash: a stale image would be a false verdict.
func (d *daemon) image(ctx context.Context, program []byte) (string, error) {
	name := repository + ":" + digest(dockerfile, program)[:16]
	_, err := d.api.ImageInspect(ctx, name)
	if err == nil {
		return name, nil
	}
	if !errdefs.IsNotFound(err) {
		return "", fmt.Errorf("look for image %s: %w", name, err)
	}
	d.log.Info("building the nodes' image", "name", name, "bytes", len(program))
	if err := d.buildImage(ctx, name, program); err != nil {
		return "", err
	}
	return name, d.pruneImages(ctx, name)
}

// buildImage asks the daemon itself, not testcontainers, which would look for credentials of a
// registry that nobody needs.
func (d *daemon) buildImage(ctx context.Context, name string, program []byte) error {
	files, err := buildContext(program)
	if err != nil {
		return err
	}
	built, err := d.api.ImageBuild(ctx, files, client.ImageBuildOptions{
		Tags: []string{name}, Remove: true, ForceRemove: true,
		Labels: map[string]string{labelOurs: "true"},
	})
	if err != nil {
		return fmt.Errorf("build image: %w", err)
	}
	defer built.Body.Close()
	if err := jsonmessage.DisplayStream(built.Body, io.Discard); err != nil {
		return fmt.Errorf("build image: %w", err)
	}
	return nil
}

// buildContext is all that the build sees.
func buildContext(program []byte) (io.Reader, error) {
	var b bytes.Buffer
	b.Grow(len(program) + 4096)
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		mode int64
		data []byte
	}{{"Dockerfile", 0o644, dockerfile}, {"sunder", 0o755, program}} {
		h := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data))}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack image: %w", err)
	}
	return &b, nil
}

// pruneImages removes older images of ours. Those that a container uses stay.
func (d *daemon) pruneImages(ctx context.Context, current string) error {
	list, err := d.api.ImageList(ctx, client.ImageListOptions{
		Filters: make(client.Filters).Add("reference", repository+":*"),
	})
	if err != nil {
		return fmt.Errorf("list images: %w", err)
	}
	var errs []error
	for _, i := range list.Items {
		if !outdated(i, current, time.Now()) {
			continue
		}
		_, err := d.api.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{PruneChildren: true})
		if err != nil && !errdefs.IsConflict(err) && !errdefs.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("remove image %s: %w", i.ID, err))
		}
	}
	return errors.Join(errs...)
}

func outdated(i image.Summary, current string, now time.Time) bool {
	for _, tag := range i.RepoTags {
		if tag == current || !strings.HasPrefix(tag, repository+":") {
			return false
		}
	}
	return i.Labels[labelOurs] != "" && now.Sub(time.Unix(i.Created, 0)) > keepImages
}

// digest is a hash of all parts, one after the other.
func digest(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
