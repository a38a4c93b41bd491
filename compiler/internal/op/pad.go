package op

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/shape"
)

// ZeroPad puts pixels of zeros around the image. Pad is top, left, bottom,
// right.
type ZeroPad struct {
	weightless
	costless
	Pad [4]int
}

var zeroPadDef = &Def{
	Word:    "zeropad",
	Args:    "P | BEFORE:AFTER | (TOP, BOTTOM, LEFT, RIGHT)",
	Summary: "Puts pixels of zeros around the image, as a step of its own.",
	Example: "zeropad 0:1",
	Build: func(a *Args) (Op, error) {
		x := a.take(func(x *Arg) bool { return x.Name == "" && (x.Kind == IntArg || x.Kind == PadArg) })
		if x == nil {
			return nil, errorf(MissingArgument, nil, "zeropad needs a number of pixels")
		}
		p, err := x.sides()
		return ZeroPad{Pad: p}, err
	},
}

// Name is "zeropad".
func (ZeroPad) Name() string { return "zeropad" }

// Infer grows the image.
func (z ZeroPad) Infer(in []shape.Shape) (shape.Shape, error) {
	return slide(in[0], in[0].C, 1, 1, 1, 1, z.Pad, false)
}

func (z ZeroPad) String() string { return padText(z.Pad) }

// PadChannels puts channels of zeros before and after the image's own. A stride
// other than 0 and 1, which a pass may fold in, subsamples as Subsample does.
type PadChannels struct {
	weightless
	costless
	Before, After int
	Stride        int
}

var padDef = &Def{
	Word:    "pad",
	Args:    "CHANNELS [, both]",
	Summary: "Widens to the given number of channels with zeros: at the end, or half before and half after, an odd one after.",
	Example: "pad out",
	Flags:   []string{"both"},
	Build: func(a *Args) (Op, error) {
		to, err := a.positive("the number of channels to widen to")
		if err != nil {
			return nil, err
		}
		both, err := a.flag("both", false)
		if err != nil {
			return nil, err
		}
		more := to - a.In.C
		if more < 0 {
			return nil, errorf(TooFewChannels, nil, "cannot pad %d channels to %d", a.In.C, to)
		}
		if both {
			return PadChannels{Before: more / 2, After: more - more/2}, nil
		}
		return PadChannels{After: more}, nil
	},
}

// Name is "pad".
func (PadChannels) Name() string { return "pad" }

// Infer adds the channels.
func (p PadChannels) Infer(in []shape.Shape) (shape.Shape, error) {
	out := in[0]
	out.C += p.Before + p.After
	if p.Stride > 1 {
		return slide(out, out.C, 1, 1, p.Stride, 1, [4]int{}, false)
	}
	return bounded(out)
}

func (p PadChannels) String() string {
	return attributes(fmt.Sprintf("channels %d:%d", p.Before, p.After), strideText(max(p.Stride, 1)))
}

// Subsample keeps every Stride-th pixel of every Stride-th row, from the first.
type Subsample struct {
	weightless
	costless
	Stride int
}

var subsampleDef = &Def{
	Word:    "subsample",
	Args:    "/STRIDE",
	Summary: "Keeps every STRIDE-th pixel of every STRIDE-th row, from the first.",
	Example: "subsample /2",
	Build: func(a *Args) (Op, error) {
		if !a.hasStride() {
			return nil, errorf(MissingArgument, nil, "subsample needs its stride, as in subsample /2")
		}
		s, err := a.stride()
		return Subsample{Stride: s}, err
	},
}

// Name is "subsample".
func (Subsample) Name() string { return "subsample" }

// Infer divides the size, rounding up.
func (s Subsample) Infer(in []shape.Shape) (shape.Shape, error) {
	return slide(in[0], in[0].C, 1, 1, s.Stride, 1, [4]int{}, false)
}

func (s Subsample) String() string { return strideText(s.Stride) }
