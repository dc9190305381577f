package page

import (
	"html/template"
	"strings"

	"sunder/harness/report"
	"sunder/harness/report/spacetime"
)

// view is what the template shows.
type view struct {
	Policy    string
	Style     template.CSS
	R         report.Results
	Verdict   string
	Title     string
	Started   string
	Sum       string
	Broken    string // why there are no figures
	Again     []command
	Settings  []setting
	Plan      string
	Anomalies []anomaly
	More      int // anomalies that are not shown
	Story     *story
	Pictures  []picture
	Panels    []panel
	Faults    []fault
	MoreFault int
	Cuts      []partition
	Nodes     []string
	Heals     []heal
	P50, P99  string // of all recoveries; empty where there were none
	Functions []row
	Checks    []check
	Logs      []report.Log
}

// story is how an anomaly came about.
type story struct {
	Words   string
	Diagram template.HTML // drawn by package spacetime, which escapes what it is told
}

func newStory(r *spacetime.Run) *story {
	if r == nil {
		return nil
	}
	// A page needs no name space, and has no address in it.
	diagram := strings.Replace(spacetime.SVG(*r), ` xmlns="http://www.w3.org/2000/svg"`, "", 1)
	return &story{cut(spacetime.Narrate(*r), wordsMax), template.HTML(diagram)}
}

type anomaly struct {
	report.Anomaly
	Drawing *drawing
}

type picture struct {
	Name, HTML string // HTML is empty where it is too large to stand in the page
}

type panel struct {
	ID, Title, Note string
	Legend          bool
	Drawing         drawing
}

func newView(run report.Run) view {
	s, err := newScene(run)
	r := run.Results
	v := view{Policy: policy(run.Pictures), Style: template.CSS(style), R: r,
		Verdict: report.Sure(r.Verdict), Nodes: s.nodes, Sum: r.Sum(),
		Title: strings.Join([]string{r.System, r.Workload, r.Environment}, " "),
		Again: again(run), Settings: settings(run), Plan: planText(run.Plan), Logs: logs(run.Logs),
		Story:     newStory(run.Story),
		Functions: functions(r), Checks: checks(r), MoreFault: max(0, len(r.Faults)-windowsMax)}
	if err != nil {
		v.Broken = err.Error()
	}
	if !run.Origin.Started.IsZero() {
		v.Started = run.Origin.Started.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	for i, a := range r.Anomalies {
		if i == anomaliesMax {
			v.More = len(r.Anomalies) - i
			break
		}
		a.Words = cut(a.Words, wordsMax)
		v.Anomalies = append(v.Anomalies, anomaly{a, s.detail(a)})
	}
	for _, p := range run.Pictures {
		if len(p.HTML) > pictureMax {
			p.HTML = ""
		}
		v.Pictures = append(v.Pictures, picture(p))
	}
	v.Panels = s.panels(len(run.Observed) > 0)
	v.Faults, v.Cuts = s.tables(r)
	v.Heals, v.P50, v.P99 = s.heals()
	return v
}

// panels are the pictures over the common time axis.
func (s scene) panels(observed bool) []panel {
	if len(s.ops)+len(s.windows) == 0 {
		return nil
	}
	var out []panel
	if len(s.windows) > 0 {
		out = append(out, panel{ID: "lanes", Title: "Faults",
			Note:    "By number; the table below has what was proven. Pale: masked. Hollow: no effect.",
			Drawing: s.faults()})
	}
	if observed {
		out = append(out, panel{ID: "leaders", Title: "Leaders", Note: "Green: it believed to lead. " +
			"Amber: it asked for votes. Thin: it followed. Grey: killed or paused.", Drawing: s.leaders()})
	}
	if len(s.changes) > 0 {
		out = append(out, panel{ID: "configurations", Title: "Configurations", Note: "Who is a main, " +
			"by the number of the configuration. Before the first change: those that the system began with.",
			Drawing: s.configurations()})
	}
	return append(out,
		panel{ID: "latency", Title: "Latency", Legend: true, Drawing: s.latency()},
		panel{ID: "rate", Title: "Rate", Drawing: s.rate()},
		panel{ID: "processes", Title: "Processes", Note: "A row for each client thread: what " +
			"came of most that it waited for.", Drawing: s.processes()})
}
