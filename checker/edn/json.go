package edn

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// AppendJSON appends v as JSON: keywords and symbols as strings, lists, vectors and sets as arrays,
// what is tagged without its tag, map keys as strings. nil is null.
func AppendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case Big:
		return append(b, v...)
	case float64:
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case List:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSON(b, e)
		}
		return append(b, ']')
	case Map:
		b = append(b, '{')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(quote(b, Name(e.Key)), ':')
			b = AppendJSON(b, e.Value)
		}
		return append(b, '}')
	case Tagged:
		return AppendJSON(b, v.Value)
	case string:
		return quote(b, v)
	case Keyword, Symbol, rune:
		return quote(b, Name(v))
	}
	panic(fmt.Sprintf("edn: a value of type %T", v))
}

func quote(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string always marshals
	return append(b, quoted...)
}

// Name is a value as a string: as a key of a JSON object.
func Name(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case Keyword:
		return string(v)
	case Symbol:
		return string(v)
	case rune:
		return string(v)
	case int64, Big, bool, float64:
		return fmt.Sprint(v)
	}
	return string(AppendJSON(nil, v))
}
