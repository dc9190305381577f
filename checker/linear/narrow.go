package linear

import (
	"slices"
	"strings"
)

// stepper is the Step of a model of texts.
type stepper func(string, step) (string, bool)

// narrowAppends allows only texts that fit what was read. A text begins with what the last put
// wrote, or with nothing, and from there it only grows: it is the beginning of the longest text
// that was read since that put, or goes on from it unread. For that it must be plain which put a
// text comes from: each put and append writes something of its own, and none of them is the
// beginning of another. Else nothing is narrowed.
func narrowAppends(ops []Op[step], do stepper) stepper {
	var texts, puts []string
	for _, o := range ops {
		switch text := unquote(o.Do.arg); o.Do.f {
		case "put":
			texts, puts = append(texts, text), append(puts, text)
		case "append":
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	for i := 1; i < len(texts); i++ {
		if strings.HasPrefix(texts[i], texts[i-1]) {
			return do
		}
	}
	slices.Sort(puts)
	longest := make(map[string]string)
	for _, o := range ops {
		if o.Do.f == "get" {
			text := unquote(o.Do.arg)
			if put := origin(puts, text); len(text) > len(longest[put]) {
				longest[put] = text
			}
		}
	}
	return func(s string, o step) (string, bool) {
		if s == unreadable && o.f != "put" {
			return s, o.f == "append"
		}
		next, ok := do(s, o)
		read := longest[origin(puts, next)]
		if len(next) > len(read) && strings.HasPrefix(next, read) {
			return unreadable, ok
		}
		return next, ok && strings.HasPrefix(read, next)
	}
}

// unreadable stands for every text that went on from the longest that was read since its put:
// nobody reads anything again until the next put, so in what order it grows does not matter.
const unreadable = "\x00"

// origin is the put that a text begins with, or nothing. puts ascend, and none is the beginning of
// another.
func origin(puts []string, text string) string {
	at, exact := slices.BinarySearch(puts, text)
	if exact {
		return text
	}
	if at > 0 && strings.HasPrefix(text, puts[at-1]) {
		return puts[at-1]
	}
	return ""
}
