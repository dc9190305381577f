// Package ci holds the rules of this repository as tests, and the entry points of its pipelines.
package ci

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const module = "sunder"

// source is one Go file of the repository.
type source struct {
	path string // slash-separated, from the root
	test bool
	text string
	ast  *ast.File
}

// dir is the folder that the file stands in; "." for the root.
func (s source) dir() string { return path.Dir(s.path) }

// sources parses every Go file of the repository but those in testdata.
func sources(t *testing.T) ([]source, *token.FileSet) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var out []source
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "testdata" || name == "store" || p != root && name[0] == '.') {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, filepath.ToSlash(rel), text, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{filepath.ToSlash(rel), strings.HasSuffix(name, "_test.go"),
			string(text), file})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("found only %d Go files under %s", len(out), root)
	}
	return out, fset
}
