package emit

import (
	"fmt"

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

// multiline prints fields as a composite literal, a field a line. Zero fields
// are left out.
func (g *generator) multiline(name string, fields []plan.Field) *jen.Statement {
	return jen.Qual(kernelPath, name).Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, g.fields(fields)...)
}

// inline prints fields as a composite literal on one line.
func (g *generator) inline(name string, fields []plan.Field) *jen.Statement {
	return jen.Qual(kernelPath, name).Values(g.fields(fields)...)
}

func (g *generator) fields(fields []plan.Field) []jen.Code {
	var items []jen.Code
	for _, f := range fields {
		if v := g.value(f.Value); v != nil {
			items = append(items, jen.Id(f.Name).Op(":").Add(v))
		}
	}
	return items
}

// value prints a field's value, or returns nil for a zero.
func (g *generator) value(v any) *jen.Statement {
	switch v := v.(type) {
	case int:
		if v != 0 {
			return jen.Lit(v)
		}
	case bool:
		if v {
			return jen.True()
		}
	case plan.Word:
		if v != "" {
			return jen.Qual(kernelPath, string(v))
		}
	case plan.Struct:
		if v.Type != "" {
			return g.inline(v.Type, v.Fields)
		}
	case plan.Layout:
		if v.C != 0 {
			return g.inline("Layout", []plan.Field{{Name: "C", Value: v.C}, {Name: "H", Value: v.H}, {Name: "W", Value: v.W}, {Name: "Halo", Value: v.Halo}, {Name: "Block", Value: v.Block}})
		}
	case shape.Dim:
		return g.dim(v)
	default:
		panic(fmt.Sprintf("emit: no literal for a %T", v))
	}
	return nil
}

// fieldKey is equal for values that print alike.
func fieldKey(v any) string {
	switch v := v.(type) {
	case plan.Layout:
		return fmt.Sprintf("[%d %s %s %d %d]", v.C, dimKey(v.H), dimKey(v.W), v.Halo, v.Block)
	case plan.Struct:
		key := v.Type
		for _, f := range v.Fields {
			key += " " + f.Name + ":" + fieldKey(f.Value)
		}
		return key
	default:
		return fmt.Sprint(v)
	}
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
	key := fmt.Sprintf("%s %d %s %s", w.Type, w.Channels, relative(w.Weight, path), relative(w.Bias, path))
	for _, f := range w.Fields {
		key += " " + f.Name + ":" + fieldKey(f.Value)
	}
	for _, m := range w.Norms {
		key += fmt.Sprintf(" %s %g %t", relative(m.Path, path), m.Epsilon, m.Scale)
	}
	return key
}
