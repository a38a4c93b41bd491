package emit

import (
	"github.com/dave/jennifer/jen"
)

// features prints what code behind the network wants to know of its outputs, as
// constants: their channels, and of feature maps the size and the stride. A model
// with one output that is a vector needs none.
func (g *generator) features(f *jen.File) {
	var maps, vectors []jen.Code
	taken := newNames()
	for i, o := range g.model.Graph.Outputs {
		s := o.Node.Shape
		name := taken.take(upperFirst(camel(o.Name)))
		stride := g.options.Strides[i]
		switch {
		case stride == 0:
			vectors = append(vectors, jen.Id(name+"Channels").Op("=").Lit(s.C))
		case s.IsConst():
			maps = append(maps, jen.List(jen.Id(name+"Channels"), jen.Id(name+"Height"), jen.Id(name+"Width"), jen.Id(name+"Stride")).Op("=").
				List(jen.Lit(s.C), jen.Lit(s.H.Max()), jen.Lit(s.W.Max()), jen.Lit(stride)))
		default:
			maps = append(maps, jen.List(jen.Id(name+"Channels"), jen.Id(name+"Stride")).Op("=").List(jen.Lit(s.C), jen.Lit(stride)))
		}
	}
	if len(maps) == 0 && len(vectors) == 1 {
		return
	}
	comment(f, "The outputs: channels, and of feature maps the distance of neighbours in pixels of", "the image.")
	f.Const().Defs(append(maps, vectors...)...)
	f.Line()
}
