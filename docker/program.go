package docker

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hashicorp/go-hclog"
)

const (
	module  = "sunder"
	command = "./docker/node"
)

// errNoModule is what remains when there is nothing to put into an image.
var errNoModule = errors.New("no program for the nodes: this executable is not static and the " +
	"source of module " + module + " is not here; CGO_ENABLED=0 go build -o sunder . is the way")

// program is the executable that goes into the image, for machines of arch: the one that was
// given, else our own if it is static, else one built from this module.
func program(ctx context.Context, c Config, arch string) ([]byte, error) {
	if c.Program != "" {
		p, err := os.ReadFile(c.Program)
		if err == nil {
			err = static(p, arch)
		}
		if err != nil {
			return nil, fmt.Errorf("take program %s: %w", c.Program, err)
		}
		return p, nil
	}
	if c.Own && runtime.GOOS == "linux" {
		if p, err := own(arch); err == nil {
			return p, nil
		} else {
			c.Log.Debug("our own executable cannot be the nodes' program", "why", err)
		}
	}
	return build(ctx, arch, c.Log)
}

// own is our own executable.
func own(arch string) ([]byte, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own executable: %w", err)
	}
	p, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read own executable: %w", err)
	}
	return p, static(p, arch)
}

// static says why a program would not run in an empty image on machines of arch.
func static(program []byte, arch string) error {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return fmt.Errorf("not a Linux executable: %w", err)
	}
	defer f.Close()
	want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	if m, known := want[arch]; known && m != f.Machine {
		return fmt.Errorf("it is for %s, Docker's machine is %s", f.Machine, arch)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("it is linked dynamically")
		}
	}
	return nil
}

// build compiles the nodes' program. It stays in the user's cache, where the next build finds it
// up to date; the compiler works beside it, so that it is replaced in one step while others read.
func build(ctx context.Context, arch string, log hclog.Logger) ([]byte, error) {
	source, err := moduleDir()
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, module)
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("make room for the nodes' program: %w", err)
	}
	target := filepath.Join(cache, fmt.Sprintf("node-%s-%s", arch, digest([]byte(source))[:8]))
	log.Info("building the nodes' program", "source", filepath.Join(source, command))
	compile := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w", "-o", target, command)
	compile.Dir = source
	compile.Env = append(os.Environ(),
		"CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOTMPDIR="+cache, "GOWORK=off")
	if text, err := compile.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the nodes' program: %w: %s", err, tail(text, 10))
	}
	p, err := os.ReadFile(target)
	if err != nil {
		return nil, fmt.Errorf("read the nodes' program: %w", err)
	}
	return p, static(p, arch)
}

// moduleDir is the directory of this module's source: around the working directory, else around
// our own executable.
func moduleDir() (string, error) {
	var from []string
	if dir, err := os.Getwd(); err == nil {
		from = append(from, dir)
	}
	if path, err := os.Executable(); err == nil {
		from = append(from, filepath.Dir(path))
	}
	for _, dir := range from {
		for {
			if isModule(dir) {
				return dir, nil
			}
			up := filepath.Dir(dir)
			if up == dir {
				break
			}
			dir = up
		}
	}
	return "", errNoModule
}

func isModule(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	first, _, _ := strings.Cut(string(text), "\n")
	return err == nil && strings.TrimSpace(first) == "module "+module
}
