package edn

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// text reads a string after its opening quote.
func (d *Decoder) text() (string, error) {
	var b strings.Builder
	for {
		c, err := d.read()
		if err != nil {
			return "", d.inside(err)
		}
		switch {
		case b.Len() > tokenMax:
			return "", d.errorf("a string longer than %d bytes", tokenMax)
		case c == '"':
			if s := b.String(); utf8.ValidString(s) {
				return s, nil
			}
			return "", d.errorf("a string that is not UTF-8")
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		r, err := d.escape()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
	}
}

// escape reads what follows a backslash in a string.
func (d *Decoder) escape() (rune, error) {
	c, err := d.read()
	if err != nil {
		return 0, d.inside(err)
	}
	if i := strings.IndexByte(`nrtbf"\`, c); i >= 0 {
		return rune("\n\r\t\b\f\"\\"[i]), nil
	}
	if c != 'u' {
		return 0, d.errorf("no escape begins with %q", c)
	}
	var hex [4]byte
	for i := range hex {
		if hex[i], err = d.read(); err != nil {
			return 0, d.inside(err)
		}
	}
	n, err := strconv.ParseUint(string(hex[:]), 16, 16)
	if err != nil {
		return 0, d.errorf("%q is no code point", hex)
	}
	return rune(n), nil
}

// char reads a character after its backslash.
func (d *Decoder) char() (any, error) {
	c, err := d.read()
	if err != nil {
		return nil, d.inside(err)
	}
	word, err := d.word(c)
	if err != nil {
		return nil, err
	}
	names := map[string]rune{"newline": '\n', "return": '\r', "space": ' ', "tab": '\t'}
	if r, named := names[word]; named {
		return r, nil
	}
	if r, size := utf8.DecodeRuneInString(word); size == len(word) && r != utf8.RuneError {
		return r, nil
	}
	if n, err := strconv.ParseUint(strings.TrimPrefix(word, "u"), 16, 16); err == nil &&
		len(word) == 5 {
		return rune(n), nil
	}
	return nil, d.errorf("no character is named %.40q", word)
}
