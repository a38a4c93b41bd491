package emit

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/compiler/internal/shape"
)

// The packages that emitted code imports.
const (
	runtimePath    = "github.com/resc-lang/resc/runtime"
	kernelPath     = runtimePath + "/kernel"
	preprocessPath = runtimePath + "/preprocess"
)

// multiline prints a structure of runtime/kernel as a composite literal, a field a
// line. Zero fields are left out.
func (g *generator) multiline(structure any) *jen.Statement {
	return jen.Qual(kernelPath, plan.TypeName(structure)).Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, g.fields(structure)...)
}

// inline is multiline on one line.
func (g *generator) inline(structure any) *jen.Statement {
	return jen.Qual(kernelPath, plan.TypeName(structure)).Values(g.fields(structure)...)
}

func (g *generator) fields(structure any) []jen.Code {
	var items []jen.Code
	for _, f := range plan.Fields(structure) {
		items = append(items, jen.Id(f.Name).Op(":").Add(g.value(f.Value)))
	}
	return items
}

// value prints a field's value: a number, true, a size, a constant of runtime/kernel or
// a structure.
func (g *generator) value(v any) *jen.Statement {
	switch v := v.(type) {
	case int, bool:
		return jen.Lit(v)
	case shape.Dim:
		return g.dim(v)
	case fmt.GoStringer:
		return jen.Qual(kernelPath, strings.TrimPrefix(v.GoString(), "kernel."))
	}
	return g.inline(v)
}

// key is equal for values that print alike.
func key(v any) string {
	switch v := v.(type) {
	case int, bool, fmt.GoStringer:
		return fmt.Sprintf("%#v", v)
	case shape.Dim:
		return dimKey(v)
	}
	k := plan.TypeName(v) + "{"
	for _, f := range plan.Fields(v) {
		k += f.Name + ":" + key(f.Value) + " "
	}
	return k + "}"
}

// operandKey is equal for operands that print alike.
func operandKey(o *plan.Operand) string {
	switch {
	case o == nil:
		return "nil"
	case o.Slot != nil:
		return o.Slot.Name
	case o.Input:
		return "input"
	}
	return fmt.Sprintf("output%d", o.Output)
}

// weightsKey is equal for weights that the same code loads, under the path of
// their block.
func weightsKey(w *plan.Weights, path string) string {
	k := fmt.Sprintf("%s %s %s", key(w.Spec), relative(w.Fold.Weight, path), relative(w.Fold.Bias, path))
	for _, m := range w.Fold.Norms {
		k += fmt.Sprintf(" %s %g %t", relative(m.Name, path), m.Eps, m.Scale)
	}
	return k
}
