// Command checkbench measures the checking engines side by side with porcupine on the same
// histories: CPU seconds and peak memory of a process of its own for each, the input included.
//
//	go run ./ci/checkbench [-only words] [-seconds 60] [-megabytes 4096]
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

func main() {
	only := flag.String("only", "", "measure only rows whose name holds these words")
	seconds := flag.Float64("seconds", 60, "give an engine up after so many CPU seconds")
	megabytes := flag.Int("megabytes", 4096, "give an engine up above so much memory")
	row := flag.Int("row", -1, "measure one row, in this process")
	engine := flag.String("engine", "ours", "with -row: ours or porcupine")
	flag.Parse()
	if *row >= 0 {
		watch(*seconds, *megabytes)
		fmt.Println(rows[*row].measure(*engine == "porcupine"))
		return
	}
	fmt.Println("| history | porcupine | sunder | ratio |")
	fmt.Println("|---|---|---|---|")
	for i, r := range rows {
		if !strings.Contains(r.name, *only) {
			continue
		}
		var theirs figure
		if r.porcupine != nil {
			theirs = child(i, "porcupine", *seconds, *megabytes)
		}
		ours := child(i, "ours", *seconds, *megabytes)
		fmt.Printf("| %s | %v | %v | %s |\n", r.name, theirs, ours, ratio(theirs, ours))
	}
}

// figure is what a process printed: verdict, CPU seconds, megabytes.
type figure struct {
	verdict string
	seconds float64
	memory  int
}

func (f figure) String() string {
	if f.verdict == "" {
		return "–"
	}
	return fmt.Sprintf("%s, %.4g s, %d MB", f.verdict, f.seconds, f.memory)
}

func ratio(theirs, ours figure) string {
	if theirs.verdict == "" || ours.seconds == 0 {
		return "–"
	}
	more := ""
	if strings.HasPrefix(theirs.verdict, "gave up") {
		more = "> "
	}
	return fmt.Sprintf("%s%.3g", more, theirs.seconds/ours.seconds)
}

// child measures one row with one engine in a process of its own.
func child(row int, engine string, seconds float64, megabytes int) figure {
	out, err := exec.Command(os.Args[0], "-row", strconv.Itoa(row), "-engine", engine, "-seconds",
		fmt.Sprint(seconds), "-megabytes", strconv.Itoa(megabytes)).CombinedOutput()
	fields := strings.Split(strings.TrimSpace(string(out)), "\t")
	if len(fields) != 3 {
		return figure{verdict: fmt.Sprintf("failed (%v): %.200s", err, out)}
	}
	s, errS := strconv.ParseFloat(fields[1], 64)
	m, errM := strconv.Atoi(fields[2])
	if err := cmp.Or(errS, errM); err != nil {
		return figure{verdict: fmt.Sprintf("failed: %v", err)}
	}
	return figure{fields[0], s, m}
}
