package emit

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/compiler/internal/shape"
)

// sizeTable names the sizes that depend on the input's, for a model that
// accepts a range of them.
type sizeTable struct {
	names map[string]string // by key
	rows  []sizeRow
}

// sizeRow is a field of the emitted sizes structure.
type sizeRow struct {
	name, of string // of is the field it follows from, empty for the input's own
	expr     *shape.Expr
	dim      shape.Dim
}

// newSizeTable collects the sizes of a schedule's values.
func newSizeTable(s *plan.Schedule) *sizeTable {
	t := &sizeTable{names: map[string]string{}}
	counts := map[string]int{}
	for _, n := range s.Graph.Nodes {
		t.add(n.Shape.H, "h", counts)
		t.add(n.Shape.W, "w", counts)
	}
	return t
}

// add names a size and those it follows from.
func (t *sizeTable) add(d shape.Dim, letter string, counts map[string]int) {
	if d.IsConst() {
		return
	}
	if d.Range().Name == "side" {
		letter = "h"
	}
	t.addExpr(d.Expr(), d, letter, counts)
}

func (t *sizeTable) addExpr(e *shape.Expr, d shape.Dim, letter string, counts map[string]int) string {
	key := exprKey(e, letter)
	if name, ok := t.names[key]; ok {
		return name
	}
	of := ""
	if e.Of != nil {
		of = t.addExpr(e.Of, d, letter, counts)
	}
	name := fmt.Sprintf("%s%d", letter, counts[letter])
	counts[letter]++
	t.names[key] = name
	t.rows = append(t.rows, sizeRow{name, of, e, d})
	return name
}

// exprKey is equal for equal expressions.
func exprKey(e *shape.Expr, letter string) string {
	key := letter
	for ; e.Of != nil; e = e.Of {
		key += fmt.Sprintf(" %v", e.Window)
	}
	return key
}

// dimKey is equal for sizes that are equal for every input.
func dimKey(d shape.Dim) string {
	if d.IsConst() {
		return fmt.Sprint(d.Max())
	}
	return exprKey(d.Expr(), d.Range().Name)
}

// dim prints a size: a number, or a field of the sizes.
func (g *generator) dim(d shape.Dim) *jen.Statement {
	if d.IsConst() {
		return jen.Lit(d.Max())
	}
	letter := "h"
	if d.Range().Name == "width" {
		letter = "w"
	}
	return jen.Id("n").Dot(g.sizes.names[exprKey(d.Expr(), letter)])
}

// sizesDecl prints the structure of sizes and the function that fills it.
func (g *generator) sizesDecl(f *jen.File) {
	comment(f, "sizes are the heights and widths of the values between the layers, for one", "size of the input.")
	f.Type().Id("sizes").StructFunc(func(s *jen.Group) {
		for _, r := range g.sizes.rows {
			s.Id(r.name).Int()
		}
	})
	f.Line()
	height, width := "h0", "w0"
	comment(f, "newSizes follows the input's size through the layers.")
	f.Func().Id("newSizes").Params(jen.List(jen.Id("height"), jen.Id("width")).Int()).Id("sizes").BlockFunc(func(b *jen.Group) {
		b.Var().Id("n").Id("sizes")
		for _, r := range g.sizes.rows {
			switch {
			case r.name == height:
				b.Id("n").Dot(r.name).Op("=").Id("height")
			case r.name == width:
				b.Id("n").Dot(r.name).Op("=").Id("width")
			default:
				b.Id("n").Dot(r.name).Op("=").Add(g.sizeExpr(r))
			}
		}
		b.Return(jen.Id("n"))
	})
	f.Line()
}

// sizeExpr prints how a size follows from the one before.
func (g *generator) sizeExpr(r sizeRow) *jen.Statement {
	if r.expr.Window.Ceil {
		w := r.expr.Window
		return jen.Qual(kernelPath, "CeilSize").Call(jen.Id("n").Dot(r.of), jen.Lit(w.Span()), jen.Lit(w.Stride), jen.Lit(w.Before), jen.Lit(w.After))
	}
	return jen.Id(r.expr.Go("n." + r.of))
}
