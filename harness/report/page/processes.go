package page

import (
	"fmt"
	"slices"
	"strings"

	"sunder/harness/history"
)

// Bounds of the timeline of processes: rows, and the width of what can be told apart in a row.
const (
	rowsMax   = 32
	cellWidth = 2.0
)

// processes draws what each client thread was waiting for: a cell has the outcome that most of the
// waiting in it came to, so that one quick fail among many does not colour a long run. Threads
// share a row where there are too many.
func (s scene) processes() drawing {
	d := drawing{Label: "Operations of each client thread over time, by outcome"}
	threads := max(1, s.threads)
	rows := min(threads, rowsMax)
	columns := int((width-margin-gutter)/cellWidth) + 1
	waited := make([][len(kinds)]float64, rows*columns)
	for _, op := range s.ops {
		row := int(op.Invocation.Process) % threads * rows / threads
		if row < 0 {
			continue // a process that no run has
		}
		x0 := (s.axis.at(op.Invocation.Time) - gutter) / cellWidth
		x1 := max(x0+1e-6, (s.axis.at(s.end(op))-gutter)/cellWidth)
		for c := int(x0); c < columns && float64(c) < x1; c++ {
			outcome := slices.Index(kinds[:], op.Kind())
			waited[row*columns+c][outcome] += min(x1, float64(c+1)) - max(x0, float64(c))
		}
	}
	cells := make([]history.Kind, rows*columns)
	for i, w := range waited {
		for k, kind := range kinds {
			if w[k] > 0 && w[k] >= max(w[0], w[1], w[2]) {
				cells[i] = kind // of equals the last, which is the worst
			}
		}
	}
	high := max(8, min(15, 320/float64(rows)))
	bottom := float64(rows)*high + 2
	s.bands(&d, 0, bottom)
	for _, kind := range kinds {
		var b strings.Builder
		for row := range rows {
			runs(&b, cells[row*columns:(row+1)*columns], kind, float64(row)*high+2, high-3)
		}
		d.path("cell "+kind.String(), &b)
	}
	for row := range rows {
		if first := (row*threads + rows - 1) / rows; rows < threads {
			d.rowName(float64(row)*high+high-2, fmt.Sprintf("from %d", first))
		} else {
			d.rowName(float64(row)*high+high-3, fmt.Sprint(first))
		}
	}
	s.close(&d, 0, bottom)
	return d
}

// runs draws stretches of cells of one kind.
func runs(b *strings.Builder, cells []history.Kind, kind history.Kind, y, high float64) {
	for from := 0; from < len(cells); from++ {
		to := from
		for to < len(cells) && cells[to] == kind {
			to++
		}
		if to > from {
			box(b, gutter+float64(from)*cellWidth, y, float64(to-from)*cellWidth-0.3, high)
			from = to
		}
	}
}
