// Package page draws a run as one HTML page that needs nothing else: no network, no script, its
// pictures drawn as SVG when it is written. Its size is bounded whatever the run's is.
package page

import (
	"crypto/sha256"
	_ "embed" // for the template and the style sheet
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"sunder/harness/report"
	"sunder/harness/report/figures"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(
	template.FuncMap{"group": report.Group}).Parse(pageText))

// pictureMax is how large a checker's picture may be to stand in the page; larger ones are only
// linked to.
const pictureMax = 1 << 20

// Write writes the page of a run. All that nodes, histories and plans say is text in it, and a
// picture that a checker drew runs in a sandbox, with no script but its own.
func Write(w io.Writer, run report.Run) error {
	v := newView(run)
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// scene is what all drawings of a page share.
type scene struct {
	axis    axis
	ops     figures.Ops
	windows []figures.Window
	nodes   []string
	reigns  []figures.Reign
	changes []configuration
	threads int
	moments []time.Duration // when the last operation of each anomaly was invoked
}

func newScene(run report.Run) (scene, error) {
	ops, err := figures.NewOps(run.Events)
	var end time.Duration
	for _, e := range run.Events {
		end = max(end, e.Time)
	}
	windows := figures.Windows(run.Events)
	s := scene{axis: axis{to: max(end, time.Millisecond)}, ops: ops, windows: windows,
		nodes:   figures.Nodes(run.Plan.Nodes, ops, windows),
		reigns:  figures.Reigns(run.Observed, end),
		changes: configurations(run.Observed, end),
		threads: run.Plan.Concurrency}
	s.windows = windows[:min(len(windows), windowsMax)]
	s.nodes = s.nodes[:min(len(s.nodes), nodesMax)]
	for _, a := range run.Results.Anomalies[:min(len(run.Results.Anomalies), anomaliesMax)] {
		if last := slices.Max(append([]int{-1}, a.Ops...)); last >= 0 && last < len(run.Events) {
			s.moments = append(s.moments, run.Events[last].Time)
		}
	}
	return s, err
}

// nodesMax bounds the rows of nodes: a history can name any number of them.
const nodesMax = 64

var scripts = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// policy is the page's Content-Security-Policy: nothing is loaded from anywhere, and no script
// runs but those of the pictures, each by its hash. A picture's frame inherits it.
func policy(pictures []report.Picture) string {
	var hashes strings.Builder
	for _, p := range pictures {
		if len(p.HTML) > pictureMax {
			continue
		}
		for _, script := range scripts.FindAllStringSubmatch(p.HTML, -1) {
			sum := sha256.Sum256([]byte(script[1]))
			fmt.Fprintf(&hashes, " 'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
		}
	}
	policy := "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
	if hashes.Len() > 0 {
		policy += "; script-src" + hashes.String()
	}
	return policy
}
