package docker

import (
	"bytes"
	"strings"
	"unicode"
)

// lineMax is how much of a line of a node is shown.
const lineMax = 300

// tail is the last lines of a text that came from elsewhere, fit to be shown on a terminal.
func tail(text []byte, lines int) string {
	all := bytes.Split(bytes.TrimRight(text, "\r\n"), []byte("\n"))
	all = all[max(0, len(all)-lines):]
	show := make([]string, len(all))
	for i, line := range all {
		show[i] = sanitize(line)
	}
	return strings.Join(show, "\n")
}

// sanitize replaces what could move a cursor, change a colour or be no text at all.
func sanitize(line []byte) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(string(line[:min(len(line), lineMax)]), "\uFFFD") {
		if r != '\t' && !unicode.IsPrint(r) {
			r = '\uFFFD'
		}
		b.WriteRune(r)
	}
	if len(line) > lineMax {
		b.WriteString(" …")
	}
	return b.String()
}
