package emit

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/compiler/internal/plan"
)

// modelFile prints the package's documentation, which is the model card, and
// the type Model with the ways to open it.
func (g *generator) modelFile() *jen.File {
	f := g.newFile()
	f.PackageComment(commentText(g.card()...))
	comment(f,
		"The package is for one version of resc's runtime. If a line below does not",
		"compile, the two do not fit: run go generate with the version of resc in go.mod,",
		"or go get the version of the runtime that the package was generated for.")
	f.Const().Defs(
		jen.Id("_").Op("=").Id("uint").Call(jen.Qual(kernelPath, "Version").Op("-").Lit(g.options.Kernel)).Comment("fails if the runtime is older"),
		jen.Id("_").Op("=").Id("uint").Call(jen.Lit(g.options.Kernel).Op("-").Qual(kernelPath, "OldestVersion")).Comment("fails if the runtime no longer supports this code"),
	)
	f.Line()
	g.features(f)
	comment(f, "Model is the network with its weights, packed for this processor. It is", "immutable, and any number of sessions may share it.")
	f.Type().Id("Model").Struct(
		jen.Id("file").Op("*").Qual(runtimePath, "Weights"),
		jen.Id("weights").Op("*").Id("weights"),
	)
	f.Line()
	g.opener(f, "Open", "opens a file of weights: safetensors, or packed by resc pack.",
		[]jen.Code{jen.Id("path").String()}, "OpenWeights", jen.Id("path"))
	g.opener(f, "OpenFS", "opens a file of weights of a file system: safetensors, or packed by resc pack.",
		[]jen.Code{jen.Id("fsys").Qual("io/fs", "FS"), jen.Id("name").String()}, "OpenWeightsFS", jen.Id("fsys"), jen.Id("name"))
	g.opener(f, "Read", "opens a file of weights of size bytes: safetensors, or packed by resc pack.",
		[]jen.Code{jen.Id("r").Qual("io", "ReaderAt"), jen.Id("size").Int64()}, "ReadWeights", jen.Id("r"), jen.Id("size"))
	g.opener(f, "New", "takes the bytes of a file of weights, such as go:embed gives: safetensors, or packed by resc pack.",
		[]jen.Code{jen.Id("data").Index().Byte()}, "ParseWeights", jen.Id("data"))
	comment(f, "load folds and packs a checkpoint, or uses packed weights where they lie.")
	f.Func().Id("load").Params(jen.Id("f").Op("*").Qual(runtimePath, "Weights")).Params(jen.Op("*").Id("Model"), jen.Error()).Block(
		jen.List(jen.Id("w"), jen.Err()).Op(":=").Id("loadWeights").Call(jen.Id("f").Dot("Loader").Call(jen.Lit(g.model.Name))),
		jen.If(jen.Err().Op("!=").Nil()).Block(
			jen.Id("f").Dot("Close").Call(),
			jen.Return(jen.Nil(), jen.Err()),
		),
		jen.Return(jen.Op("&").Id("Model").Values(jen.Id("file").Op(":").Id("f"), jen.Id("weights").Op(":").Id("w")), jen.Nil()),
	)
	f.Line()
	comment(f, "Close lets go of the weights. Sessions that are open keep them until they are", "closed too, and only then is a file unmapped; new ones cannot be made.")
	f.Func().Params(jen.Id("m").Op("*").Id("Model")).Id("Close").Params().Error().Block(jen.Return(jen.Id("m").Dot("file").Dot("Close").Call()))
	return f
}

// embedFile prints the weights that the package carries, and how to open them.
func (g *generator) embedFile() *jen.File {
	f := g.newFile()
	f.Anon("embed")
	f.Comment("//go:embed " + g.options.Embed)
	f.Var().Id("embedded").Index().Byte()
	f.Line()
	comment(f, "Embedded opens the weights that the package carries, "+g.options.Embed+".")
	f.Func().Id("Embedded").Params().Params(jen.Op("*").Id("Model"), jen.Error()).Block(jen.Return(jen.Id("New").Call(jen.Id("embedded"))))
	return f
}

// opener prints one way to open the model.
func (g *generator) opener(f *jen.File, name, doc string, params []jen.Code, open string, args ...jen.Code) {
	text := fmt.Sprintf("%s %s Where a checkpoint does not fit, the error is a *runtime.WeightsError that lists everything; where packed weights do not, a *runtime.PackedError.", name, doc)
	if name == "Open" {
		text += " To replace a file that is open, write a new one beside it and rename that over it, as resc pack does: if packed weights are truncated or overwritten, sessions return runtime.ErrFileChanged."
	}
	comment(f, wrap(text)...)
	f.Func().Id(name).Params(params...).Params(jen.Op("*").Id("Model"), jen.Error()).Block(
		jen.List(jen.Id("f"), jen.Err()).Op(":=").Qual(runtimePath, open).Call(args...),
		jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err())),
		jen.Return(jen.Id("load").Call(jen.Id("f"))),
	)
	f.Line()
}

// card is the model card: what the network is, what goes in and comes out, and
// what it costs.
func (g *generator) card() []string {
	lines := []string{fmt.Sprintf("Package %s is the network %s, compiled from %s.", g.options.Package, g.model.Name, fileName(g.model.Source))}
	if g.model.Doc != "" {
		lines = append(lines, "")
		lines = append(lines, strings.Split(g.model.Doc, "\n")...)
	}
	rows := [][]string{{"input", g.model.Graph.Input().Path, g.model.Graph.Input().Shape.String()}}
	for _, o := range g.model.Graph.Outputs {
		rows = append(rows, []string{"output", o.Name, o.Node.Shape.String()})
	}
	for _, p := range g.model.Params {
		rows = append(rows, []string{"parameter", p.Name, p.Value})
	}
	var params, macs int64
	for _, n := range g.schedule.Graph.Nodes {
		params += n.Params()
		macs += n.MACs()
	}
	rows = append(rows,
		[]string{"parameters", "", check.Thousands(params)},
		[]string{"multiply-adds", "", check.Thousands(macs)},
		[]string{"activations", "", check.Thousands(g.schedule.ArenaBytes()) + " bytes a session"},
	)
	if m := g.schedule.Memory; m != plan.Fast {
		rows = append(rows, []string{"memory", "", string(m)})
	}
	for _, p := range g.model.Published {
		rows = append(rows, []string{"published", p.Metric, strings.TrimSpace(p.Value + " " + p.Source)})
	}
	lines = append(lines, "")
	lines = append(lines, table(rows)...)
	return append(lines, "",
		"Multiply-adds are those of convolutions and linear layers for one image. Open a",
		"Model once, share it, and make one Session a goroutine.")
}
