package emit

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/check"
)

// classifies says whether the model says how an image becomes its input, so
// that the package can take images.
func (g *generator) classifies() bool {
	return len(g.model.Preprocess) > 0 && !g.ranged && g.model.Graph.Input().Shape.C == 3
}

// classifyFile prints preprocessing and, for a model whose first output is a
// vector, classification.
func (g *generator) classifyFile() *jen.File {
	f := g.newFile()
	in := g.model.Graph.Input().Shape
	comment(f, "Preprocess makes the model's input of an image, as the model file says. It fails", "when the image, so prepared, is not of the input's size.")
	f.Func().Id("Preprocess").Params(jen.Id("dst").Op("*").Add(array(in)), jen.Id("img").Qual("image", "Image")).Error().BlockFunc(func(b *jen.Group) {
		b.Id("p").Op(":=").Qual(preprocessPath, "FromImage").Call(jen.Id("img"))
		for _, s := range g.model.Preprocess {
			if s.Kind == "resize" || s.Kind == "crop" {
				b.Id("p").Op("=").Id("p").Add(preCall(s))
			}
		}
		b.If(jen.Err().Op(":=").Id("p").Dot("CheckSize").Call(jen.Lit(in.H.Max()), jen.Lit(in.W.Max())), jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Err()))
		dst := jen.Id("dst").Index(jen.Op(":"))
		raw, norm := g.preStep("raw"), g.preStep("normalize")
		switch {
		case norm == nil && raw == nil:
			b.Return(jen.Id("p").Dot("Unit").Call(dst))
		case norm == nil:
			b.Return(jen.Id("p").Dot("Raw").Call(dst))
		default:
			method := "Normalize"
			if raw != nil {
				method = "NormalizeRaw"
			}
			b.Return(jen.Id("p").Dot(method).Call(dst, triple(norm.Mean), triple(norm.StdDev)))
		}
	})
	f.Line()
	out := g.model.Graph.Outputs[0].Node.Shape
	if out.H.Max() != 1 || out.W.Max() != 1 || g.model.Chosen {
		return f
	}
	g.classify(f)
	return f
}

// preStep is the model's step of preprocessing of that kind, or nil.
func (g *generator) preStep(kind string) *check.PreStep {
	for i, s := range g.model.Preprocess {
		if s.Kind == kind {
			return &g.model.Preprocess[i]
		}
	}
	return nil
}

// preCall prints a step that changes an image's size.
func preCall(s check.PreStep) *jen.Statement {
	if s.Kind == "crop" {
		h, w := s.Sizes[0], s.Sizes[len(s.Sizes)-1]
		return jen.Dot("CenterCrop").Call(jen.Lit(h), jen.Lit(w))
	}
	filter := jen.Qual(preprocessPath, s.Filter().String())
	if len(s.Sizes) == 2 {
		return jen.Dot("ResizeTo").Call(jen.Lit(s.Sizes[1]), jen.Lit(s.Sizes[0]), filter)
	}
	return jen.Dot("Resize").Call(jen.Lit(s.Sizes[0]), filter)
}

// triple is one number for each of red, green and blue.
func triple(v []float64) *jen.Statement {
	var values []jen.Code
	for _, x := range v {
		values = append(values, jen.Id(strconv.FormatFloat(x, 'g', -1, 32)))
	}
	return jen.Index(jen.Lit(3)).Float32().Values(values...)
}

// classify prints Classify and the class names.
func (g *generator) classify(f *jen.File) {
	classes := jen.Nil()
	if len(g.model.Classes) > 0 {
		classes = jen.Id("Classes").Index(jen.Op(":"))
		var names []jen.Code
		for _, c := range g.model.Classes {
			names = append(names, jen.Lit(c))
		}
		comment(f, "Classes are the names of the classes, in the order of the output.")
		f.Var().Id("Classes").Op("=").Index(jen.Op("...")).String().Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: len(names) > 10}, names...)
		f.Line()
	}
	comment(f, "Classify preprocesses an image, runs the model and returns the five likeliest", "classes, likeliest first. The error of outputs that are not finite wraps", "runtime.ErrNotFinite.")
	f.Func().Params(receiver()).Id("Classify").Params(jen.Id("img").Qual("image", "Image")).Params(jen.Index().Qual(runtimePath, "Class"), jen.Error()).BlockFunc(func(b *jen.Group) {
		b.Var().Id("input").Add(array(g.model.Graph.Input().Shape))
		args := []jen.Code{jen.Op("&").Id("input")}
		first := ""
		for i, o := range g.model.Graph.Outputs {
			id := g.outputNames[i]
			if first == "" {
				first = id
			}
			b.Var().Id(id).Add(array(o.Node.Shape))
			args = append(args, jen.Op("&").Id(id))
		}
		b.If(jen.Err().Op(":=").Id("Preprocess").Call(jen.Op("&").Id("input"), jen.Id("img")), jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		b.If(jen.Err().Op(":=").Id("s").Dot("Run").Call(args...), jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		b.If(jen.Err().Op(":=").Qual(runtimePath, "CheckFinite").Call(jen.Id(first).Index(jen.Op(":"))), jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		b.Return(jen.Qual(runtimePath, "TopK").Call(jen.Id(first).Index(jen.Op(":")), classes, jen.Lit(5)), jen.Nil())
	})
	f.Line()
}
