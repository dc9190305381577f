package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"sunder/harness/plan"
	"sunder/harness/report/lines"
	"sunder/harness/report/page"
	"sunder/harness/report/spacetime"
	"sunder/harness/report/store"
	"sunder/search"
)

// Files of a failing run that show how the anomaly came about, in the smallest plan that fails.
const (
	diagramFile    = "diagram.svg"
	regressionFile = "regression_test.go"
)

// explain runs the smallest plan once more, and adds to the stored run what a person needs to see
// why it fails: a narrative and a diagram in the report, and a test that keeps it from coming back.
func (s *session) explain(ctx context.Context, p plan.Plan, class string, out io.Writer) error {
	story, err := search.Story(ctx, p, class)
	if err != nil {
		return err
	}
	run, err := store.Open(s.run.Dir)
	if err != nil {
		return err
	}
	defer run.Close()
	var text strings.Builder
	if err := p.Write(&text); err != nil {
		return err
	}
	test := spacetime.GoTest([]byte(text.String()), p.System+" "+class, class)
	for name, content := range map[string]string{diagramFile: spacetime.SVG(story),
		regressionFile: string(test)} { // each its own file: the order does not matter
		err := run.Write(name, func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return err
		})
		if err != nil {
			return err
		}
	}
	s.full.Story = &story
	err = run.Write(store.PageFile, func(w io.Writer) error { return page.Write(w, s.full) })
	if err != nil {
		return err
	}
	fmt.Fprint(out, "\n", lines.Field(columnsOf(out), "story", spacetime.Narrate(story)))
	fmt.Fprintf(out, "diagram     %s (in the report, too)\nregression  %s\n",
		filepath.Join(run.Dir, diagramFile), filepath.Join(run.Dir, regressionFile))
	return nil
}
