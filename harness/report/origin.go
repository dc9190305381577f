package report

import (
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Origin is where a run comes from: with the plan, all that is needed to do it again. It is
// origin.json, written before the run starts.
type Origin struct {
	Started  time.Time         `json:"started"`
	Args     []string          `json:"args"` // the command line
	Revision string            `json:"revision,omitempty"`
	Dirty    bool              `json:"dirty,omitempty"`   // built from a tree with changes
	Version  string            `json:"version,omitempty"` // of the module, where it was released
	Go       string            `json:"go"`
	Platform string            `json:"platform"` // linux/amd64
	CPUs     int               `json:"cpus"`
	Env      map[string]string `json:"env,omitempty"`
	Notes    map[string]string `json:"notes,omitempty"` // versions of Docker, kernel, image, ...
}

// envKept are the variables that can change a run, or say which job of a pipeline it was; a name
// that ends with _ stands for all that begin so. All others may be secrets and are not kept.
var envKept = [...]string{"GOMAXPROCS", "GODEBUG", "GOGC", "GOMEMLIMIT", "GOFLAGS", "DOCKER_HOST",
	"DOCKER_API_VERSION", "DOCKER_CONTEXT", "TESTCONTAINERS_", "SUNDER_", "CI", "GITHUB_SHA",
	"GITHUB_REF",
	"GITHUB_RUN_ID", "GITHUB_REPOSITORY"}

// NewOrigin is the origin of a run of this very program, called as args, with environ as
// os.Environ gives it. Notes are left to the environment of the run.
func NewOrigin(args, environ []string, started time.Time) Origin {
	o := Origin{Started: started, Args: args, Go: runtime.Version(), CPUs: runtime.NumCPU(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Env: make(map[string]string)}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "(devel)" {
			o.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				o.Revision = s.Value
			case "vcs.modified":
				o.Dirty = s.Value == "true"
			}
		}
	}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		for _, kept := range envKept {
			if name == kept || strings.HasSuffix(kept, "_") && strings.HasPrefix(name, kept) {
				o.Env[name] = value
			}
		}
	}
	return o
}
