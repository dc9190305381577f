package schedulertest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"time"

	"sunder/harness/generator"
)

// Parse reads a generator as it is written in Go, for golden tests:
//
//	Phases(Mix(read, write).Limit(3), read.EachThread())
//
// A word in lower case is a Func whose operations have that word as F. Times are in milliseconds.
// Keys(group, limit, processes, count, work) is Keys with the same work on every key.
func Parse(text string) (g generator.Generator, err error) {
	x, err := parser.ParseExpr(strings.TrimSpace(text))
	if err != nil {
		return g, fmt.Errorf("parse generator: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("parse generator: %v", p)
		}
	}()
	return expr(x), nil
}

func expr(x ast.Expr) generator.Generator {
	switch x := x.(type) {
	case *ast.Ident:
		return generator.Func(func(generator.Context, generator.Thread) generator.Op {
			return generator.Op{F: x.Name}
		})
	case *ast.CallExpr:
		if method, ok := x.Fun.(*ast.SelectorExpr); ok {
			return apply(expr(method.X), method.Sel.Name, x.Args)
		}
		return construct(x.Fun.(*ast.Ident).Name, x.Args)
	}
	panic(fmt.Sprintf("%T is no generator", x))
}

func construct(name string, args []ast.Expr) generator.Generator {
	switch name {
	case "Mix":
		return generator.Mix(exprs(args)...)
	case "Any":
		return generator.Any(exprs(args)...)
	case "Phases":
		return generator.Phases(exprs(args)...)
	case "Reserve":
		return generator.Reserve(number(args[0]), expr(args[1]), expr(args[2]))
	case "Sleep":
		return generator.Sleep(ms(args[0]))
	case "Log":
		return generator.Log(args[0].(*ast.Ident).Name)
	case "Keys":
		work := expr(args[4])
		return generator.Keys{Group: number(args[0]), Limit: number(args[1]), Processes: number(args[2]),
			Count: number(args[3]), Of: func(string) generator.Generator { return work }}.Generator()
	}
	panic("there is no constructor " + name)
}

func apply(g generator.Generator, name string, args []ast.Expr) generator.Generator {
	switch name {
	case "Limit":
		return g.Limit(number(args[0]))
	case "Once":
		return g.Once()
	case "Repeat":
		return g.Repeat(number(args[0]))
	case "Stagger":
		return g.Stagger(ms(args[0]))
	case "Delay":
		return g.Delay(ms(args[0]))
	case "TimeLimit":
		return g.TimeLimit(ms(args[0]))
	case "Then":
		return g.Then(expr(args[0]))
	case "FlipFlop":
		return g.FlipFlop(expr(args[0]))
	case "Synchronize":
		return g.Synchronize()
	case "UntilOK":
		return g.UntilOK()
	case "EachThread":
		return g.EachThread()
	case "Clients":
		return g.Clients()
	case "OnNemesis":
		return g.OnNemesis()
	case "Thread":
		return g.OnThreads(func(t generator.Thread) bool { return int(t) == number(args[0]) })
	case "Except":
		f := args[0].(*ast.Ident).Name
		return g.Filter(func(op generator.Op) bool { return op.F != f })
	case "Node":
		node := args[0].(*ast.Ident).Name
		return g.Map(func(_ generator.Context, op generator.Op) generator.Op {
			op.Node = node
			return op
		})
	}
	panic("there is no method " + name)
}

func exprs(args []ast.Expr) []generator.Generator {
	gs := make([]generator.Generator, len(args))
	for i, a := range args {
		gs[i] = expr(a)
	}
	return gs
}

func number(x ast.Expr) int {
	l, ok := x.(*ast.BasicLit)
	if !ok || l.Kind != token.INT {
		panic("want a number")
	}
	n, err := strconv.Atoi(l.Value)
	if err != nil {
		panic(err)
	}
	return n
}

func ms(x ast.Expr) time.Duration { return time.Duration(number(x)) * time.Millisecond }
