package emit

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/plan"
)

// Parameters that functions of the emitted package have in common.
var (
	threadsParam = jen.Id("t").Op("*").Qual(kernelPath, "Threads")
	arenaParam   = jen.Id("a").Op("*").Id("arena")
	floats       = jen.Index().Float32()
)

// part prints a part's file: for a stage the loop over its blocks, then the
// blocks that it is the first to use, each with its layers.
func (g *generator) part(p *part) *jen.File {
	f := g.newFile()
	if p.scope.Kind == ir.StageScope {
		g.stage(f, p)
	}
	for _, b := range g.outline.blocks {
		if b.of == p {
			g.block(f, b)
		}
	}
	return f
}

// stage prints the function that runs a stage's blocks in order.
func (g *generator) stage(f *jen.File, p *part) {
	comment(f, fmt.Sprintf("%s runs %s.", p.name, describeRuns(p)), "", quote(p.scope.Span))
	f.Func().Id(p.name).Params(g.params(nil, jen.Id("w").Op("*").Id("weights"))...).BlockFunc(func(body *jen.Group) {
		for _, r := range p.runs {
			switch {
			case !r.block.hasWeights():
				for range r.paths {
					body.Id(r.block.name).Call(g.args(r.block, nil)...)
				}
			case len(r.paths) == 1:
				body.Id(r.block.name).Call(g.args(r.block, jen.Op("&").Id("w").Dot(r.field))...)
			default:
				body.For(jen.Id("i").Op(":=").Range().Id("w").Dot(r.field)).Block(
					jen.Id(r.block.name).Call(g.args(r.block, jen.Op("&").Id("w").Dot(r.field).Index(jen.Id("i")))...),
				)
			}
		}
	})
	f.Line()
}

// describeRuns says what a stage is made of: "layer1.0, then layer1.1 to
// layer1.2, which are alike".
func describeRuns(p *part) string {
	var parts []string
	for _, r := range p.runs {
		switch last := r.paths[len(r.paths)-1]; {
		case len(r.paths) == 1:
			parts = append(parts, last)
		case len(r.paths) == 2:
			parts = append(parts, fmt.Sprintf("%s and %s, which are alike", r.paths[0], last))
		default:
			parts = append(parts, fmt.Sprintf("%s to %s, which are alike", r.paths[0], last))
		}
	}
	return strings.Join(parts, ", then ")
}

// params are the parameters of a function: threads, arena, sizes where they
// vary, weights, and the caller's own slices.
func (g *generator) params(external []string, weights *jen.Statement) []jen.Code {
	params := []jen.Code{threadsParam.Clone(), arenaParam.Clone()}
	if g.ranged {
		params = append(params, jen.Id("n").Op("*").Id("sizes"))
	}
	if weights != nil {
		params = append(params, weights)
	}
	if len(external) > 0 {
		var ids []jen.Code
		for _, e := range external {
			ids = append(ids, jen.Id(e))
		}
		params = append(params, jen.List(ids...).Add(floats.Clone()))
	}
	return params
}

// args are the arguments for params.
func (g *generator) args(b *block, weights *jen.Statement) []jen.Code {
	args := []jen.Code{jen.Id("t"), jen.Id("a")}
	if g.ranged {
		args = append(args, jen.Id("n"))
	}
	if weights != nil {
		args = append(args, weights)
	}
	for _, e := range g.externals(b) {
		args = append(args, jen.Id(e))
	}
	return args
}

// externals are the caller's slices that a block reads or writes, by name.
func (g *generator) externals(b *block) []string {
	var ids []string
	for _, l := range b.layers {
		for _, o := range append([]*plan.Operand{l.call.Dst}, l.call.Srcs...) {
			if o != nil && o.Slot == nil {
				ids = append(ids, g.external(o))
			}
		}
	}
	return ids
}

// external is the name of the caller's slice that an operand stands for.
func (g *generator) external(o *plan.Operand) string {
	if o.Input {
		return g.inputName
	}
	return g.outputNames[o.Output]
}

// block prints a block's function and those of its layers.
func (g *generator) block(f *jen.File, b *block) {
	comment(f, g.blockDoc(b)...)
	var weights *jen.Statement
	if b.hasWeights() {
		weights = jen.Id("w").Op("*").Id(b.weightsType())
	}
	f.Func().Id(b.name).Params(g.params(g.externals(b), weights)...).BlockFunc(func(body *jen.Group) {
		for _, l := range b.layers {
			body.Add(g.layerCall(l))
		}
	})
	f.Line()
	for _, l := range b.layers {
		g.layer(f, l, b)
	}
}

// layerCall calls a layer's function on its slots.
func (g *generator) layerCall(l *layer) *jen.Statement {
	args := []jen.Code{jen.Id("t")}
	if g.ranged {
		args = append(args, jen.Id("n"))
	}
	args = append(args, g.slot(l.call.Dst))
	for _, s := range l.call.Srcs {
		if s != nil {
			args = append(args, g.slot(s))
		}
	}
	if l.weight != "" {
		args = append(args, jen.Id("w").Dot(l.weight))
	}
	return jen.Id(l.name).Call(args...)
}

// slot names the memory of an operand: a slot of the arena or the caller's.
func (g *generator) slot(o *plan.Operand) *jen.Statement {
	if o.Slot == nil {
		return jen.Id(g.external(o))
	}
	return jen.Id("a").Dot(o.Slot.Name)
}

// sourceNames are the names of a kernel's sources, in the order of its Run.
func sourceNames(k plan.Kernel) []string {
	switch k.(type) {
	case plan.Add, plan.Mul:
		return []string{"x", "y", "residual"}
	}
	return []string{"src", "residual"}
}

// layer prints the function of one kernel call.
func (g *generator) layer(f *jen.File, l *layer, b *block) {
	comment(f, g.layerDoc(l, b)...)
	sources := sourceNames(l.call.Kernel)
	slices := []jen.Code{jen.Id("dst")}
	run := []jen.Code{jen.Id("t"), jen.Id("dst")}
	for i, s := range l.call.Srcs {
		if s == nil {
			run = append(run, jen.Nil())
			continue
		}
		slices = append(slices, jen.Id(sources[i]))
		run = append(run, jen.Id(sources[i]))
	}
	params := []jen.Code{threadsParam.Clone()}
	if g.ranged {
		params = append(params, jen.Id("n").Op("*").Id("sizes"))
	}
	params = append(params, jen.List(slices...).Add(floats.Clone()))
	if w := l.call.Weights; w != nil {
		params = append(params, jen.Id("w").Op("*").Qual(kernelPath, packedType(w)))
		run = append(run, jen.Id("w"))
	}
	f.Func().Id(l.name).Params(params...).Block(
		g.multiline(l.call.Kernel).Dot("Run").Call(run...),
	)
	f.Line()
}
