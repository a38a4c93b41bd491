package compiler

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/resc-lang/resc/stdlib"
)

// TestEmittedFigures holds the figures in the comments of emitted packages to the report:
// those of a block are the sum of its layers', those of all calls the network's.
func TestEmittedFigures(t *testing.T) {
	for _, name := range stdlib.Models() {
		t.Run(name, func(t *testing.T) {
			p := compile(t, stdlib.Prefix+name, nil)
			files, err := p.Emit("net", "v0")
			if err != nil {
				t.Fatal(err)
			}
			e := emittedFigures{T: t, functions: map[string]*ast.FuncDecl{}, lengths: map[string]int64{}}
			for _, f := range files {
				e.read(f.Name, f.Data)
			}
			r := p.Report()
			params, macs := e.of("forward")
			if params != r.ParamCount || macs != r.MACs {
				t.Errorf("the calls have %d parameters and %d multiply-adds, the report %d and %d", params, macs, r.ParamCount, r.MACs)
			}
			e.check(e.head, `parameters +([\d,]+)\n`, r.ParamCount)
			e.check(e.head, `multiply-adds +([\d,]+)\n`, r.MACs)
			if r.ArenaBytes > 0 {
				e.check(e.head, `activations +([\d,]+) bytes a session\n`, r.ArenaBytes)
				e.check(e.arena, `of one image, ([\d,]+) bytes`, r.ArenaBytes)
			}
		})
	}
}

// emittedFigures is an emitted package, read back.
type emittedFigures struct {
	*testing.T
	head, arena string // comments of the package and of its memory
	functions   map[string]*ast.FuncDecl
	lengths     map[string]int64 // of arrays of weights, by field
}

func (e *emittedFigures) read(name string, text []byte) {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
	if err != nil {
		e.Fatal(err)
	}
	if name == "model.go" {
		e.head = file.Doc.Text()
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			e.functions[n.Name.Name] = n
		case *ast.GenDecl:
			if s, ok := n.Specs[0].(*ast.TypeSpec); ok && s.Name.Name == "arena" {
				e.arena = n.Doc.Text()
			}
		case *ast.Field:
			if a, ok := n.Type.(*ast.ArrayType); ok && len(n.Names) == 1 {
				if length, ok := a.Len.(*ast.BasicLit); ok {
					e.lengths[n.Names[0].Name], _ = strconv.ParseInt(length.Value, 10, 64)
				}
			}
		}
		return true
	})
}

// of returns the parameters and multiply-adds of a function: those that its comment gives
// a layer, or the sum over its calls, to which the comment of a block must be equal.
func (e *emittedFigures) of(name string) (params, macs int64) {
	f := e.functions[name]
	doc := strings.Join(strings.Fields(f.Doc.Text()), " ")
	if m := layerFigures.FindStringSubmatch(doc); m != nil {
		return e.number(m[1]), e.number(m[2])
	}
	params, macs = e.body(f.Body)
	if m := blockFigures.FindStringSubmatch(doc); m != nil && e.number(m[1]) != params {
		e.Errorf("%s has %s parameters, and its layers %d", name, m[1], params)
	}
	return params, macs
}

var (
	layerFigures = regexp.MustCompile(` to f32\[[\d,]+\](?:; ([\d,]+) parameters)?(?:[;,] ([\d,]+) multiply-adds)?\.$`)
	blockFigures = regexp.MustCompile(` ([\d,]+) parameters\.$`)
)

// body sums over the calls of functions of the package, in loops too.
func (e *emittedFigures) body(n ast.Node) (params, macs int64) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			var times int64
			switch over := n.X.(type) {
			case *ast.SelectorExpr:
				times = e.lengths[over.Sel.Name]
			case *ast.BasicLit:
				times, _ = strconv.ParseInt(over.Value, 10, 64)
			}
			if times == 0 {
				e.Errorf("a loop of unknown length in %s", e.Name())
			}
			p, m := e.body(n.Body)
			params, macs = params+times*p, macs+times*m
			return false
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && e.functions[f.Name] != nil {
				p, m := e.of(f.Name)
				params, macs = params+p, macs+m
			}
		}
		return true
	})
	return params, macs
}

// check holds a figure of a comment.
func (e *emittedFigures) check(text, pattern string, want int64) {
	e.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil || e.number(m[1]) != want {
		e.Errorf("%q in a comment, want %s with %d:\n%s", m, pattern, want, text)
	}
}

func (e *emittedFigures) number(s string) int64 {
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	if err != nil {
		e.Fatal(err)
	}
	return n
}
