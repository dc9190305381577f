package linear

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"sunder/checker"
)

// Limits of the picture: operations shown, and the steps porcupine may take to find the longest
// orders it shows. Beyond them only what cannot be ordered is drawn.
const (
	drawOps   = 120
	drawSteps = 5_000
	drawTime  = 2 * time.Second
)

// draw is porcupine's picture of a guilty key: the operations that cannot be ordered, and as much
// of what went on around them as stays small.
func (l *linear[S, O]) draw(key string, c core[O], all []Op[O]) []checker.Picture {
	ops := around(c, all)
	steps, drawing := 0, false
	ctx, cancel := context.WithTimeout(context.Background(), drawTime)
	defer cancel()
	model := porcupineModel(l.model, func() bool {
		steps++
		return drawing || steps < drawSteps && (steps%256 != 0 || ctx.Err() == nil)
	})
	_, info := porcupine.CheckOperationsVerbose(model, porcupineOps(ops), 0)
	var buf bytes.Buffer
	drawing = true // it takes the steps of the orders it found once more
	if err := porcupine.Visualize(model, info, &buf); err != nil {
		return nil
	}
	return []checker.Picture{{Name: "linearizable-" + fileName(key) + ".html", Data: buf.Bytes()}}
}

// around is the core, and if that stays small, everything up to the end of it.
func around[O any](c core[O], all []Op[O]) []Op[O] {
	end := 0
	for _, o := range c.guilty {
		end = max(end, o.Return)
	}
	if ops := before(all, end); len(ops) <= drawOps {
		return ops
	}
	ops := append(append([]Op[O](nil), c.guilty...), c.support...)
	return ops[:min(len(ops), drawOps)]
}

// fileName is key as a part of a file name: letters and digits stay, of anything else a dash.
func fileName(key string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, key)
	if safe == "" || len(safe) > 40 {
		return fmt.Sprintf("key%d", len(key))
	}
	return safe
}
