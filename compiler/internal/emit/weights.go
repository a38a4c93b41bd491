package emit

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
)

// weightsFile prints the structures of packed weights and how they are loaded
// from a state dictionary.
func (g *generator) weightsFile() *jen.File {
	f := g.newFile()
	comment(f, "weights is every weight of the model, with batch norm folded in, packed for this", "processor.")
	f.Type().Id("weights").StructFunc(func(s *jen.Group) {
		for _, r := range g.weighted() {
			if len(r.paths) > 1 {
				s.Id(r.field).Index(jen.Lit(len(r.paths))).Id(r.block.weightsType())
			} else {
				s.Id(r.field).Id(r.block.weightsType())
			}
		}
	})
	f.Line()
	comment(f, "loadWeights asks for every weight.")
	f.Func().Id("loadWeights").Params(jen.Id("l").Op("*").Qual(runtimePath, "Loader")).Params(jen.Op("*").Id("weights"), jen.Error()).BlockFunc(func(b *jen.Group) {
		if idle := g.schedule.Idle; len(idle) > 0 {
			b.Comment("what no output needs")
			var names []jen.Code
			for _, name := range idle {
				names = append(names, jen.Lit(name))
			}
			b.Id("l").Dot("Idle").Call(names...)
		}
		b.Id("w").Op(":=").New(jen.Id("weights"))
		for _, r := range g.weighted() {
			g.loadRun(b, r)
		}
		b.Return(jen.Id("w"), jen.Id("l").Dot("Done").Call())
	})
	f.Line()
	for _, b := range g.outline.blocks {
		if b.hasWeights() {
			g.blockWeights(f, b)
		}
	}
	return f
}

// weighted is every run of blocks that has weights.
func (g *generator) weighted() []*run {
	var runs []*run
	for _, p := range g.outline.parts {
		for _, r := range p.runs {
			if r.block.hasWeights() {
				runs = append(runs, r)
			}
		}
	}
	return runs
}

// loadRun prints the loading of one field of the weights.
func (g *generator) loadRun(b *jen.Group, r *run) {
	if len(r.paths) == 1 {
		b.Id("w").Dot(r.field).Dot("load").Call(loadArgs(r.paths[0])...)
		return
	}
	prefix, first, ok := numbered(r.paths)
	if !ok {
		for i, path := range r.paths {
			b.Id("w").Dot(r.field).Index(jen.Lit(i)).Dot("load").Call(loadArgs(path)...)
		}
		return
	}
	index := jen.Id("i")
	if first > 0 {
		index = jen.Id("i").Op("+").Lit(first)
	}
	b.For(jen.Id("i").Op(":=").Range().Id("w").Dot(r.field)).Block(
		jen.Id("w").Dot(r.field).Index(jen.Id("i")).Dot("load").Call(jen.Id("l"), jen.Lit(prefix).Op("+").Qual("strconv", "Itoa").Call(index).Op("+").Lit(".")),
	)
}

// loadArgs are a loader and the prefix of a block's weight names.
func loadArgs(path string) []jen.Code {
	if path != "" {
		path += "."
	}
	return []jen.Code{jen.Id("l"), jen.Lit(path)}
}

// numbered splits paths that count upwards from first: "layer1.1", "layer1.2".
func numbered(paths []string) (prefix string, first int, ok bool) {
	prefix = paths[0][:strings.LastIndexByte(paths[0], '.')+1]
	if _, err := fmt.Sscanf(strings.TrimPrefix(paths[0], prefix), "%d", &first); err != nil {
		return "", 0, false
	}
	for i, p := range paths {
		if p != fmt.Sprintf("%s%d", prefix, first+i) {
			return "", 0, false
		}
	}
	return prefix, first, true
}

// blockWeights prints the weights of one kind of block.
func (g *generator) blockWeights(f *jen.File, b *block) {
	comment(f, fmt.Sprintf("%s is the weights of %s.", b.weightsType(), b.name))
	f.Type().Id(b.weightsType()).StructFunc(func(s *jen.Group) {
		for _, l := range b.layers {
			if w := l.call.Weights; w != nil {
				s.Id(l.weight).Op("*").Qual(kernelPath, packedType(w))
			}
		}
	})
	f.Line()
	comment(f, "load reads the weights whose names begin with path.")
	f.Func().Params(jen.Id("w").Op("*").Id(b.weightsType())).Id("load").Params(jen.Id("l").Op("*").Qual(runtimePath, "Loader"), jen.Id("path").String()).BlockFunc(func(body *jen.Group) {
		for _, l := range b.layers {
			if l.call.Weights != nil {
				body.Id("w").Dot(l.weight).Op("=").Add(g.loadCall(l.call.Weights, b.path))
			}
		}
	})
	f.Line()
}

// packedType is the type of a layer's packed weights in runtime/kernel, and the method
// of runtime.Loader that makes them.
func packedType(w *plan.Weights) string {
	switch w.Spec.(type) {
	case kernel.FilterSpec:
		return "Filter"
	case kernel.LinearSpec:
		return "Dense"
	case kernel.ScaleShiftSpec:
		return "ScaleShift"
	}
	panic(fmt.Sprintf("emit: no packed weights of %T", w.Spec))
}

// loadCall prints the loading of one layer's weights.
func (g *generator) loadCall(w *plan.Weights, path string) *jen.Statement {
	load := jen.Id("l").Dot(packedType(w))
	if s, ok := w.Spec.(kernel.ScaleShiftSpec); ok {
		args := []jen.Code{jen.Lit(s.C)}
		for _, n := range w.Fold.Norms {
			args = append(args, jen.Qual(runtimePath, "Norm").Values(normFields(n, path)...))
		}
		return load.Call(args...)
	}
	fold := []jen.Code{jen.Id("Weight").Op(":").Add(weightName(w.Fold.Weight, path))}
	if w.Fold.Bias != "" {
		fold = append(fold, jen.Id("Bias").Op(":").Add(weightName(w.Fold.Bias, path)))
	}
	if len(w.Fold.Norms) > 0 {
		var norms []jen.Code
		for _, n := range w.Fold.Norms {
			norms = append(norms, jen.Values(normFields(n, path)...))
		}
		fold = append(fold, jen.Id("Norms").Op(":").Index().Qual(runtimePath, "Norm").Values(norms...))
	}
	return load.Call(g.inline(w.Spec), jen.Qual(runtimePath, "Fold").Values(fold...))
}

func normFields(n runtime.Norm, path string) []jen.Code {
	fields := []jen.Code{jen.Id("Name").Op(":").Add(weightName(n.Name, path))}
	if n.Scale {
		return append(fields, jen.Id("Scale").Op(":").True())
	}
	return append(fields, jen.Id("Eps").Op(":").Lit(n.Eps))
}

// weightName prints a name of the state dictionary relative to the block's
// path.
func weightName(name, path string) *jen.Statement {
	if path != "" && !strings.HasPrefix(name, path+".") {
		return jen.Lit(name)
	}
	return jen.Id("path").Op("+").Lit(relative(name, path))
}
