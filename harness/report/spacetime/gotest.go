package spacetime

import (
	"fmt"
	"go/format"
	"strconv"
	"strings"
)

// GoTest is the source of a Go test that runs a plan in the simulation and fails when it shows an
// anomaly of the class. The name, of whatever signs, becomes part of the test's.
func GoTest(plan []byte, name, class string) []byte {
	literal := strconv.Quote(string(plan))
	if strconv.CanBackquote(strings.ReplaceAll(string(plan), "\n", "")) {
		literal = "`" + string(plan) + "`"
	}
	source := fmt.Sprintf(goTest, identifier(name), literal, class)
	text, err := format.Source([]byte(source))
	if err != nil {
		panic(fmt.Sprintf("spacetime: a generated test is always Go: %v", err))
	}
	return text
}

// identifier is what of name can stand in one, its words with capitals.
func identifier(name string) string {
	words := strings.FieldsFunc(name, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')
	})
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// goTest takes the test's name, the plan as a literal, and the class.
const goTest = `// Written by sunder after a failing run, with the smallest plan that still fails.
package regression_test

import (
	"testing"

	"sunder/harness/plan"
	"sunder/search"
)

func Test%s(t *testing.T) {
	const text = %s
	const class = %q
	p, err := plan.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := search.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if got.Has(class) {
		t.Errorf("the anomaly is back: %%s", class)
	}
}
`
