// Package lines puts words into lines for a terminal. The words may come from anybody: what is not
// printable does not get there.
package lines

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// indent is where what stands beside a name begins.
const indent = "            "

// Field is a name and what there is to say, which hangs beside it.
func Field(columns int, name, say string) string {
	return Hang(columns, name+indent[min(len(name), len(indent)):], indent, say)
}

// Hang is words in lines of at most so many columns: the first begins with first, the others with
// rest. A word longer than a line stands alone.
func Hang(columns int, first, rest, words string) string {
	var b strings.Builder
	lead, line := first, ""
	flush := func() {
		b.WriteString(strings.TrimRight(lead+line, " ") + "\n")
		lead, line = rest, ""
	}
	for _, word := range strings.Split(Plain(words), " ") {
		long := utf8.RuneCountInString(lead+line) + 1 + utf8.RuneCountInString(word)
		if line != "" && long > columns {
			flush()
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	flush()
	return b.String()
}

// Plain makes s one line of printable text.
func Plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' {
			return ' '
		}
		if !unicode.IsPrint(c) {
			return '\uFFFD'
		}
		return c
	}, s)
}
