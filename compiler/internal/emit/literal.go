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
	runtimePath     = "github.com/resc-lang/resc/runtime"
	kernelPath      = runtimePath + "/kernel"
	safetensorsPath = runtimePath + "/safetensors"
	preprocessPath  = runtimePath + "/preprocess"
)

// kernelLiteral prints fields as a composite literal of a kernel type, a field
// a line. Zero fields are left out.
func (g *generator) kernelLiteral(name string, fields []plan.Field) *jen.Statement {
	var lines []jen.Code
	for _, f := range fields {
		if v := g.value(f.Value); v != nil {
			lines = append(lines, jen.Id(f.Name).Op(":").Add(v))
		}
	}
	return jen.Qual(kernelPath, name).Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, lines...)
}

// inlineLiteral prints fields as a composite literal on one line.
func (g *generator) inlineLiteral(name string, fields []plan.Field) *jen.Statement {
	var items []jen.Code
	for _, f := range fields {
		if v := g.value(f.Value); v != nil {
			items = append(items, jen.Id(f.Name).Op(":").Add(v))
		}
	}
	return jen.Qual(kernelPath, name).Values(items...)
}

// value prints a field's value, or returns nil for a zero.
func (g *generator) value(v any) *jen.Statement {
	switch v := v.(type) {
	case int:
		if v == 0 {
			return nil
		}
		return jen.Lit(v)
	case bool:
		if !v {
			return nil
		}
		return jen.True()
	case plan.Word:
		name, _ := strings.CutPrefix(string(v), "kernel.")
		return jen.Qual(kernelPath, name)
	case shape.Dim:
		return g.dim(v)
	case plan.Layout:
		return g.layout(v)
	case []plan.Field:
		panic("emit: nested fields have no kernel type")
	default:
		panic(fmt.Sprintf("emit: no literal for a %T", v))
	}
}

// layout prints a kernel.Layout.
func (g *generator) layout(l plan.Layout) *jen.Statement {
	if l.C == 0 {
		return nil
	}
	items := []jen.Code{
		jen.Id("C").Op(":").Lit(l.C),
		jen.Id("H").Op(":").Add(g.dim(l.H)),
		jen.Id("W").Op(":").Add(g.dim(l.W)),
	}
	if l.Halo != 0 {
		items = append(items, jen.Id("Halo").Op(":").Lit(l.Halo))
	}
	if l.Block != 0 && l.Block != 16 {
		items = append(items, jen.Id("Block").Op(":").Lit(l.Block))
	}
	return jen.Qual(kernelPath, "Layout").Values(items...)
}

// fieldKey and its like print values for comparison.
func fieldKey(v any) string {
	switch v := v.(type) {
	case plan.Layout:
		return fmt.Sprintf("[%d %s %s %d %d]", v.C, dimKey(v.H), dimKey(v.W), v.Halo, v.Block)
	case shape.Dim:
		return dimKey(v)
	default:
		return fmt.Sprint(v)
	}
}
