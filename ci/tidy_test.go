package ci

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The trip-wires of style.md. The reason to split is a second idea, not line 301.
const (
	lineMax     = 100
	functionMax = 70
	fileMax     = 300
	exportedMax = 20
)

var badNames = map[string]bool{"util": true, "utils": true, "common": true, "core": true, "base": true,
	"types": true, "helpers": true, "pkg": true}

var unfinished = regexp.MustCompile(`\b(` + "FIX" + `ME|` + "XX" + `X)\b`)

func TestTidyFiles(t *testing.T) {
	files, fset := sources(t)
	for _, f := range files {
		lines := strings.Split(strings.TrimSuffix(f.text, "\n"), "\n")
		for i, l := range lines {
			if n := utf8.RuneCountInString(strings.ReplaceAll(l, "\t", "    ")); n > lineMax+20 ||
				utf8.RuneCountInString(l) > lineMax && !f.test {
				t.Errorf("%s:%d: line of %d columns, at most %d", f.path, i+1, n, lineMax)
			}
			if unfinished.MatchString(l) {
				t.Errorf("%s:%d: word of unfinished work", f.path, i+1)
			}
		}
		if f.test {
			continue
		}
		if len(lines) > fileMax {
			t.Errorf("%s: %d lines, at most %d", f.path, len(lines), fileMax)
		}
		if badNames[f.ast.Name.Name] {
			t.Errorf("%s: package %s says nothing", f.path, f.ast.Name.Name)
		}
		for _, d := range f.ast.Decls {
			checkDecl(t, f, fset, d)
		}
	}
}

func checkDecl(t *testing.T, f source, fset *token.FileSet, d ast.Decl) {
	at := func(n ast.Node) string { return fset.Position(n.Pos()).String() }
	switch d := d.(type) {
	case *ast.FuncDecl:
		if n := fset.Position(d.End()).Line - fset.Position(d.Pos()).Line + 1; n > functionMax {
			t.Errorf("%s: function %s of %d lines, at most %d", at(d), d.Name.Name, n, functionMax)
		}
		if d.Recv == nil && d.Name.Name == "init" {
			t.Errorf("%s: init", at(d))
		}
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !interfaceMethod[d.Name.Name] {
			t.Errorf("%s: %s is exported without a doc comment", at(d), d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil && s.Comment == nil {
					t.Errorf("%s: %s is exported without a doc comment", at(s), s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() && s.Doc == nil && d.Doc == nil && s.Comment == nil {
						t.Errorf("%s: %s is exported without a doc comment", at(n), n.Name)
					}
				}
			}
		}
	}
}

// interfaceMethod are methods whose contract stands at the interface.
var interfaceMethod = map[string]bool{"String": true, "Error": true, "Unwrap": true, "Is": true,
	"Less": true, "Len": true, "Swap": true, "Write": true, "Read": true, "Close": true}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	x := d.Recv.List[0].Type
	if p, ok := x.(*ast.StarExpr); ok {
		x = p.X
	}
	if g, ok := x.(*ast.IndexExpr); ok {
		x = g.X
	}
	id, ok := x.(*ast.Ident)
	return ok && id.IsExported()
}

func TestTidyPackages(t *testing.T) {
	files, _ := sources(t)
	docs, exported := map[string]int{}, map[string]int{}
	for _, f := range files {
		if f.test && !strings.HasPrefix(f.path, "ci/") {
			continue
		}
		if f.ast.Doc != nil {
			docs[f.dir()]++
			first := f.ast.Doc.Text()
			if !strings.HasPrefix(first, "Package "+f.ast.Name.Name+" ") && !strings.HasPrefix(first, "Command ") {
				t.Errorf("%s: the package comment begins %.40q", f.path, first)
			}
		} else {
			docs[f.dir()] += 0
		}
		for _, d := range f.ast.Decls {
			exported[f.dir()] += exportedNames(d)
		}
	}
	for dir, n := range docs {
		if n != 1 {
			t.Errorf("%s: %d package comments, want 1", dir, n)
		}
		limit := exportedMax
		if more, ok := wider[dir]; ok {
			limit = more
		}
		if exported[dir] > limit {
			t.Errorf("%s: %d exported names, at most %d", dir, exported[dir], limit)
		}
	}
}

// wider are the packages that export more than the limit. The numbers may only shrink.
var wider = map[string]int{
	"nodes": 31, // the contracts: one vocabulary, which everybody speaks
}

// exportedNames counts types and functions, and a block of constants or variables as one.
func exportedNames(d ast.Decl) int {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.IsExported() {
			return 1
		}
	case *ast.GenDecl:
		n, values := 0, false
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					n++
				}
			case *ast.ValueSpec:
				values = values || s.Names[0].IsExported()
			}
		}
		if values {
			n++
		}
		return n
	}
	return 0
}

// TestDependenciesAreExplained keeps a line in ARCHITECTURE.md for each direct dependency.
func TestDependenciesAreExplained(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	arch, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := regexp.MustCompile(`(?m)^(?:require )?\t?([a-z0-9./A-Z_-]+\.[a-z0-9./A-Z_-]+) v\S+$`)
	found := direct.FindAllSubmatch(mod, -1)
	if len(found) < 4 {
		t.Fatalf("found only %d direct dependencies in go.mod", len(found))
	}
	for _, m := range found {
		if !strings.Contains(string(arch), fmt.Sprintf("`%s`", m[1])) {
			t.Errorf("ARCHITECTURE.md does not say what %s is for and why this one", m[1])
		}
	}
}
