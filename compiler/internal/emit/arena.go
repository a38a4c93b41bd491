package emit

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/compiler/internal/plan"
)

// arenaFile prints the memory plan: a structure with a slot a field, whose
// comments say which values live there in turn.
func (g *generator) arenaFile() *jen.File {
	f := g.newFile()
	comment(f, wrap(fmt.Sprintf("arena holds the activations of one image, %s bytes: slots that values take in turn. Values lie in blocks of 16 channels, [blocks][height][width][16], within a halo of zeros where a convolution pads.", check.Thousands(g.schedule.ArenaBytes())))...)
	f.Type().Id("arena").StructFunc(func(s *jen.Group) {
		for _, slot := range g.schedule.Slots {
			s.Comment(commentText(wrap(slot.Name + ": " + values(slot) + ".")...))
			s.Id(slot.Name).Index().Float32()
		}
	})
	f.Line()
	comment(f, "newArena allocates the slots, one behind the other.")
	f.Func().Id("newArena").Params().Op("*").Id("arena").BlockFunc(func(b *jen.Group) {
		b.Id("m").Op(":=").Qual(kernelPath, "NewArena").Call(jen.Lit(g.schedule.ArenaFloats()))
		var slots []jen.Code
		for _, s := range g.schedule.Slots {
			end := s.Offset + s.Size
			slots = append(slots, jen.Id(s.Name).Op(":").Id("m").Index(jen.Lit(s.Offset).Op(":").Lit(end).Op(":").Lit(end)))
		}
		b.Return(jen.Op("&").Id("arena").Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, slots...))
	})
	f.Line()
	if g.ranged {
		g.sizesDecl(f)
	}
	return f
}

// values names what lives in a slot, in order, each run of equal stages once.
func values(s *plan.Slot) string {
	const most = 12
	var names []string
	for _, n := range s.Values {
		names = append(names, n.Path)
	}
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}
