package edn

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// atom is the value that a word stands for.
func (d *Decoder) atom(word string) (any, error) {
	switch {
	case word == "nil":
		return nil, nil
	case word == "true":
		return true, nil
	case word == "false":
		return false, nil
	case word[0] == ':' && len(word) > 1:
		return Keyword(word[1:]), nil
	case word[0] >= '0' && word[0] <= '9',
		len(word) > 1 && (word[0] == '-' || word[0] == '+') && word[1] >= '0' && word[1] <= '9':
		return d.number(word)
	case word == ":" || !utf8.ValidString(word):
		return nil, d.errorf("%.40q is no value", word)
	}
	return Symbol(word), nil
}

// number reads a word that begins as a number does.
func (d *Decoder) number(word string) (any, error) {
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n, nil
	}
	if digits := strings.TrimSuffix(word, "N"); len(digits) <= digitsMax {
		if n, ok := new(big.Int).SetString(digits, 10); ok {
			return Big(n.String()), nil
		}
	}
	f, err := strconv.ParseFloat(strings.TrimSuffix(word, "M"), 64)
	if err != nil || f != f || f-f != 0 || strings.ContainsAny(word, "xX_pP") {
		return nil, d.errorf("%.40q is no number", word)
	}
	return f, nil
}
