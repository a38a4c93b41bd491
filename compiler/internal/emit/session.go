package emit

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/shape"
)

// sessionFile prints the type Session and the ways to run it.
func (g *generator) sessionFile() *jen.File {
	f := g.newFile()
	comment(f, "Session runs the model for one goroutine at a time. Used by two at once it", "returns runtime.ErrBusy.")
	f.Type().Id("Session").Struct(
		jen.Id("session").Op("*").Qual(runtimePath, "Session").Types(jen.Id("arena"), jen.Id("batch")),
		jen.Id("weights").Op("*").Id("weights"),
	)
	f.Line()
	comment(f, "NewSession allocates what a run needs: activations, and threads as the options", "say. Close it when it is no longer needed.")
	f.Func().Params(jen.Id("m").Op("*").Id("Model")).Id("NewSession").Params(jen.Id("options").Op("...").Qual(runtimePath, "Option")).Op("*").Id("Session").Block(
		jen.Return(jen.Op("&").Id("Session").Values(
			jen.Id("session").Op(":").Qual(runtimePath, "NewSession").Types(jen.Id("arena"), jen.Id("batch")).Call(jen.Id("m").Dot("file"), jen.Id("newArena"), jen.Id("options").Op("...")),
			jen.Id("weights").Op(":").Id("m").Dot("weights"),
		)),
	)
	f.Line()
	comment(f, "Close ends the session's threads.")
	f.Func().Params(receiver()).Id("Close").Params().Block(jen.Id("s").Dot("session").Dot("Close").Call())
	f.Line()
	comment(f, "Prepare makes later runs faster, of all sessions, as a session's 64th run does without", "it: see runtime.Session.Prepare. A server calls it before it takes requests.")
	f.Func().Params(receiver()).Id("Prepare").Params().Error().Block(
		jen.Return(jen.Id("s").Dot("session").Dot("Prepare").Call()),
	)
	f.Line()
	if g.ranged {
		g.rangedRun(f)
	} else {
		g.fixedRun(f)
	}
	g.batch(f)
	g.forward(f)
	return f
}

func receiver() *jen.Statement { return jen.Id("s").Op("*").Id("Session") }

// array is the Go type of a value of constant shape.
func array(s shape.Shape) *jen.Statement {
	size := jen.Lit(s.C)
	if !s.Flat {
		size = size.Op("*").Lit(s.H.Max()).Op("*").Lit(s.W.Max())
	}
	return jen.Index(size).Float32()
}

// fixedParams are the caller's arrays: pointers for one image.
func (g *generator) fixedParams() []jen.Code {
	params := []jen.Code{jen.Id(g.inputName).Op("*").Add(array(g.model.Graph.Input().Shape))}
	for i, o := range g.model.Graph.Outputs {
		params = append(params, jen.Id(g.outputNames[i]).Op("*").Add(array(o.Node.Shape)))
	}
	return params
}

// names lists the caller's arguments.
func (g *generator) names() []jen.Code {
	ids := []jen.Code{jen.Id(g.inputName)}
	for _, o := range g.outputNames {
		ids = append(ids, jen.Id(o))
	}
	return ids
}

// facts are the shapes of what the caller hands over, a line each.
func (g *generator) facts() []string {
	rows := [][]string{{g.inputName, g.model.Graph.Input().Shape.String(), "NCHW order"}}
	for i, o := range g.model.Graph.Outputs {
		rows = append(rows, []string{g.outputNames[i], o.Node.Shape.String(), "written"})
	}
	return table(rows)
}

// fixedRun prints Run, RunContext and RunBatch for one size of input.
func (g *generator) fixedRun(f *jen.File) {
	comment(f, append([]string{"Run computes one image. It allocates nothing once it has run, and gives the same", "bits for any number of threads.", ""}, g.facts()...)...)
	f.Func().Params(receiver()).Id("Run").Params(g.fixedParams()...).Error().Block(
		jen.Return(jen.Id("s").Dot("RunContext").Call(append([]jen.Code{jen.Qual("context", "Background").Call()}, g.names()...)...)),
	)
	f.Line()
	comment(f, "RunContext is Run, given up between two parts of the network when the context is", "done; the outputs are then not to be used.")
	f.Func().Params(receiver()).Id("RunContext").
		Params(append([]jen.Code{jen.Id("ctx").Qual("context", "Context")}, g.fixedParams()...)...).Error().Block(
		g.runBatch(jen.Id("ctx"), jen.Lit(1), func(id string) jen.Code { return jen.Qual(runtimePath, "One").Call(jen.Id(id)) }),
	)
	f.Line()
	comment(f, "RunBatch computes any number of images, with the same bits as Run for each.", "There must be as many of each output as there are images. Threads compute images", "of their own, and only what is left over together.")
	params := []jen.Code{jen.Id(g.inputName).Index().Add(array(g.model.Graph.Input().Shape))}
	for i, o := range g.model.Graph.Outputs {
		params = append(params, jen.Id(g.outputNames[i]).Index().Add(array(o.Node.Shape)))
	}
	f.Func().Params(receiver()).Id("RunBatch").Params(params...).Error().Block(
		jen.Return(jen.Id("s").Dot("RunBatchContext").Call(append([]jen.Code{jen.Qual("context", "Background").Call()}, g.names()...)...)),
	)
	f.Line()
	comment(f, "RunBatchContext is RunBatch, given up as RunContext is when the context is done.")
	body := append(g.batchCheck(), g.runBatch(jen.Id("ctx"), jen.Len(jen.Id(g.inputName)), func(id string) jen.Code { return jen.Id(id) }))
	f.Func().Params(receiver()).Id("RunBatchContext").
		Params(append([]jen.Code{jen.Id("ctx").Qual("context", "Context")}, params...)...).Error().Block(body...)
	f.Line()
}

// batchCheck compares the numbers of images and outputs.
func (g *generator) batchCheck() []jen.Code {
	var checks []jen.Code
	for _, o := range g.outputNames {
		checks = append(checks, jen.If(jen.Len(jen.Id(o)).Op("!=").Len(jen.Id(g.inputName))).Block(
			jen.Return(jen.Qual("fmt", "Errorf").Call(jen.Lit(fmt.Sprintf("%s: %%d images, but room for %%d of %s", g.options.Package, o)), jen.Len(jen.Id(g.inputName)), jen.Len(jen.Id(o)))),
		))
	}
	return checks
}

// runBatch prints the run of as many images as count says, with the caller's arguments.
func (g *generator) runBatch(ctx, count jen.Code, arg func(string) jen.Code) jen.Code {
	values := []jen.Code{ctx, jen.Id("s").Dot("weights")}
	if g.ranged {
		values = append(values, jen.Id("n"))
	}
	for _, id := range append([]string{g.inputName}, g.outputNames...) {
		values = append(values, arg(id))
	}
	return jen.Return(jen.Id("s").Dot("session").Dot("Run").Call(jen.Id("batch").Values(values...), count))
}

// batch prints the type batch, with the images of a run and how to compute one.
func (g *generator) batch(f *jen.File) {
	field := func(i int) string { return fmt.Sprintf("output%d", i) }
	comment(f, "batch is the images of a run and their outputs.")
	f.Type().Id("batch").StructFunc(func(b *jen.Group) {
		b.Id("ctx").Qual("context", "Context")
		b.Id("weights").Op("*").Id("weights")
		if g.ranged {
			b.Id("n").Id("sizes")
			b.Id("input").Qual(runtimePath, "Tensor")
		} else {
			b.Id("input").Index().Add(array(g.model.Graph.Input().Shape))
		}
		for i, o := range g.model.Graph.Outputs {
			if g.ranged {
				b.Id(field(i)).Op("*").Qual(runtimePath, "Tensor")
			} else {
				b.Id(field(i)).Index().Add(array(o.Node.Shape))
			}
		}
	})
	f.Line()
	comment(f, "Image computes the i-th image, for runtime.Session.")
	slice := func(name string) jen.Code {
		if g.ranged {
			return jen.Id("b").Dot(name).Dot("Image").Call(jen.Id("i"))
		}
		return jen.Id("b").Dot(name).Index(jen.Id("i")).Index(jen.Op(":"))
	}
	args := []jen.Code{jen.Id("b").Dot("ctx"), jen.Id("t"), jen.Id("a")}
	if g.ranged {
		args = append(args, jen.Op("&").Id("b").Dot("n"))
	}
	args = append(args, slice("input"))
	for i := range g.model.Graph.Outputs {
		args = append(args, slice(field(i)))
	}
	f.Func().Params(jen.Id("b").Id("batch")).Id("Image").
		Params(threadsParam.Clone(), arenaParam.Clone(), jen.Id("i").Int()).Error().Block(
		jen.Return(jen.Id("b").Dot("weights").Dot("forward").Call(args...)),
	)
	f.Line()
}

// rangedRun prints Run and RunContext for a range of sizes.
func (g *generator) rangedRun(f *jen.File) {
	in := g.model.Graph.Input().Shape
	var params []jen.Code
	params = append(params, jen.Id(g.inputName).Qual(runtimePath, "Tensor"))
	for _, o := range g.outputNames {
		params = append(params, jen.Id(o).Op("*").Qual(runtimePath, "Tensor"))
	}
	comment(f, append([]string{"Run computes images of one size: [C,H,W], or [N,C,H,W] for a batch. Outputs get", "the shape that follows, and keep their memory when it is large enough.", ""}, g.facts()...)...)
	f.Func().Params(receiver()).Id("Run").Params(params...).Error().Block(
		jen.Return(jen.Id("s").Dot("RunContext").Call(append([]jen.Code{jen.Qual("context", "Background").Call()}, g.names()...)...)),
	)
	f.Line()
	comment(f, "RunContext is Run, given up between two parts of the network when the context is", "done; the outputs are then not to be used.")
	square := jen.False()
	if !in.H.IsConst() && in.H.Range() == in.W.Range() {
		square = jen.True()
	}
	body := []jen.Code{
		jen.List(jen.Id("images"), jen.Id("height"), jen.Id("width"), jen.Err()).Op(":=").Id(g.inputName).Dot("Images").Call(
			jen.Lit(in.C), sizesLiteral(in.H), sizesLiteral(in.W), square),
		jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Err())),
		jen.Id("n").Op(":=").Id("newSizes").Call(jen.Id("height"), jen.Id("width")),
	}
	for i, o := range g.model.Graph.Outputs {
		s := o.Node.Shape
		dims := []jen.Code{jen.Id("images"), jen.Lit(s.C)}
		if !s.Flat {
			dims = append(dims, g.dim(s.H), g.dim(s.W))
		}
		body = append(body, jen.Id(g.outputNames[i]).Dot("Resize").Call(dims...))
	}
	body = append(body, g.runBatch(jen.Id("ctx"), jen.Id("images"), func(id string) jen.Code { return jen.Id(id) }))
	f.Func().Params(receiver()).Id("RunContext").
		Params(append([]jen.Code{jen.Id("ctx").Qual("context", "Context")}, params...)...).Error().Block(body...)
	f.Line()
}

// sizesLiteral is the sizes that one side of the input may have.
func sizesLiteral(d shape.Dim) *jen.Statement {
	low, high, step := d.Min(), d.Max(), 1
	if r := d.Range(); r != nil {
		step = r.Step
	}
	return jen.Qual(runtimePath, "Sizes").Values(jen.Id("Low").Op(":").Lit(low), jen.Id("High").Op(":").Lit(high), jen.Id("Step").Op(":").Lit(step))
}

// forward prints the run of one image through every part of the network.
func (g *generator) forward(f *jen.File) {
	comment(f, "forward runs the parts of the network in order.")
	params := []jen.Code{jen.Id("ctx").Qual("context", "Context"), threadsParam.Clone(), arenaParam.Clone()}
	if g.ranged {
		params = append(params, jen.Id("n").Op("*").Id("sizes"))
	}
	var ids []jen.Code
	for _, id := range append([]string{g.inputName}, g.outputNames...) {
		ids = append(ids, jen.Id(id))
	}
	params = append(params, jen.List(ids...).Index().Float32())
	f.Func().Params(jen.Id("w").Op("*").Id("weights")).Id("forward").Params(params...).Error().BlockFunc(func(b *jen.Group) {
		for i, p := range g.outline.parts {
			if i > 0 {
				b.If(jen.Err().Op(":=").Id("ctx").Dot("Err").Call(), jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Err()))
			}
			b.Add(g.partCall(p))
		}
		b.Return(jen.Nil())
	})
	f.Line()
}

// partCall calls a part's function.
func (g *generator) partCall(p *part) *jen.Statement {
	if p.scope.Kind == ir.StageScope {
		args := []jen.Code{jen.Id("t"), jen.Id("a")}
		if g.ranged {
			args = append(args, jen.Id("n"))
		}
		args = append(args, jen.Id("w"))
		return jen.Id(p.name).Call(args...)
	}
	b := p.runs[0].block
	var weights *jen.Statement
	if b.hasWeights() {
		weights = jen.Op("&").Id("w").Dot(p.runs[0].field)
	}
	return jen.Id(b.name).Call(g.args(b, weights)...)
}
