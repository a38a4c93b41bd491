package op

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/shape"
)

// Pool takes the largest value of each window, or the average. An average
// counts the zeros of the padding unless ExcludePad says otherwise; what a
// window of Ceil overhangs beyond the padding never counts.
type Pool struct {
	weightless
	costless
	Max              bool
	KernelH, KernelW int
	Stride           int
	Pad              [4]int // top, left, bottom, right
	Ceil             bool
	ExcludePad       bool
}

var maxPoolDef = &Def{
	Word:    "maxpool",
	Args:    "KERNEL [, /STRIDE] [, pad P] [, ceil]",
	Summary: "Takes the largest value of each window. Padding is as for conv, and never wins.",
	Example: "maxpool 3x3, /2",
	Flags:   []string{"ceil"},
	Options: []string{"pad"},
	Build:   func(a *Args) (Op, error) { return buildPool(a, true) },
}

var avgPoolDef = &Def{
	Word:    "avgpool",
	Args:    "[KERNEL] [, /STRIDE] [, pad P] [, ceil] [, exclude-pad]",
	Summary: "Averages. Alone it takes the whole image; with a stride alone, windows of that size, unpadded; with a kernel, windows like conv's.",
	Example: "avgpool 2x2, /2, pad 0, ceil, exclude-pad",
	Flags:   []string{"ceil", "exclude-pad"},
	Options: []string{"pad"},
	Build: func(a *Args) (Op, error) {
		if len(a.List) == 0 {
			return GlobalAverage{}, nil
		}
		return buildPool(a, false)
	},
}

func buildPool(a *Args, largest bool) (Op, error) {
	p := Pool{Max: largest}
	x := a.kernel()
	var err error
	if p.Stride, err = a.stride(); err != nil {
		return nil, err
	}
	if p.Ceil, err = a.flag("ceil", false); err != nil {
		return nil, err
	}
	if !largest {
		if p.ExcludePad, err = a.flag("exclude-pad", false); err != nil {
			return nil, err
		}
	}
	if x == nil {
		if largest {
			e := errorf(MissingArgument, nil, "maxpool needs the size of its window")
			e.Hint = "write it as maxpool 3x3, /2"
			return nil, e
		}
		if !a.hasStride() {
			e := errorf(MissingArgument, nil, "avgpool needs the size of its window, or a stride")
			e.Hint = "write avgpool alone to average the whole image, or avgpool /2 for windows of 2x2"
			return nil, e
		}
		p.KernelH, p.KernelW = p.Stride, p.Stride
		if pad := a.take(func(x *Arg) bool { return x.Name == "pad" }); pad != nil {
			if p.Pad, err = pad.sides(); err != nil {
				return nil, err
			}
		}
		return p, p.checkPad()
	}
	k, err := window(x)
	if err != nil {
		return nil, err
	}
	p.KernelH, p.KernelW = k[0], k[1]
	if p.Pad, err = a.padding(k, 1); err != nil {
		return nil, err
	}
	return p, p.checkPad()
}

// checkPad refuses windows that could lie in the padding alone.
func (p Pool) checkPad() error {
	for i, k := range []int{p.KernelH, p.KernelW, p.KernelH, p.KernelW} {
		if p.Pad[i] >= k {
			return errorf(BadArgument, nil, "padding of %d leaves a %dx%d window nothing but padding", p.Pad[i], p.KernelH, p.KernelW)
		}
	}
	return nil
}

// Name is "maxpool" or "avgpool".
func (p Pool) Name() string {
	if p.Max {
		return "maxpool"
	}
	return "avgpool"
}

// Infer slides the window over the padded image.
func (p Pool) Infer(in []shape.Shape) (shape.Shape, error) {
	return slide(in[0], in[0].C, p.KernelH, p.KernelW, p.Stride, 1, p.Pad, p.Ceil)
}

// IsIdentity says whether every window is one pixel and all are taken.
func (p Pool) IsIdentity() bool {
	return p.KernelH == 1 && p.KernelW == 1 && p.Stride == 1 && p.Pad == [4]int{}
}

func (p Pool) String() string {
	ceil, exclude := "", ""
	if p.Ceil {
		ceil = "ceil"
	}
	if p.ExcludePad {
		exclude = "exclude-pad"
	}
	return attributes(fmt.Sprintf("%dx%d", p.KernelH, p.KernelW), strideText(p.Stride), padText(p.Pad), ceil, exclude)
}

// GlobalAverage averages each channel over the whole image.
type GlobalAverage struct {
	weightless
	costless
}

// Name is "avgpool".
func (GlobalAverage) Name() string { return "avgpool" }

// Infer leaves one pixel.
func (GlobalAverage) Infer(in []shape.Shape) (shape.Shape, error) {
	return shape.New(in[0].C, 1, 1), nil
}

func (GlobalAverage) String() string { return "" }
