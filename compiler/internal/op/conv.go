package op

import (
	"errors"
	"fmt"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/shape"
)

// Conv is a two-dimensional convolution: cross-correlation with zero padding,
// as in every framework. Pad is top, left, bottom, right.
type Conv struct {
	Out              int // channels
	KernelH, KernelW int
	Stride, Dilation int
	Groups           int
	Pad              [4]int
	Bias             bool
}

var convDef = &Def{
	Word:     "conv",
	Args:     "KERNEL, CHANNELS [, /STRIDE] [, pad P] [, dilation D] [, groups G | depthwise] [, bias]",
	Summary:  "Convolves. An odd kernel is padded by dilation·(k-1)/2 unless told; an even one must say. No bias unless told.",
	Example:  "conv1: conv 3x3, 64, /2",
	Flags:    []string{"bias", "depthwise"},
	Options:  []string{"pad", "dilation", "groups"},
	Weighted: true,
	Build:    buildConv,
}

func buildConv(a *Args) (Op, error) {
	x := a.kernel()
	if x == nil {
		e := errorf(MissingArgument, nil, "conv needs the size of its kernel")
		e.Hint = "write it as conv 3x3, 64"
		return nil, e
	}
	k, err := window(x)
	if err != nil {
		return nil, err
	}
	c := Conv{KernelH: k[0], KernelW: k[1]}
	channels := a.positional()
	depthwise, err := a.flag("depthwise", false)
	if err != nil {
		return nil, err
	}
	switch {
	case channels != nil:
		if c.Out, err = channels.atLeast(1, "the number of output channels"); err != nil {
			return nil, err
		}
	case depthwise:
		c.Out = a.In.C
	default:
		e := a.missing("the number of output channels")
		if e.Code == MissingArgument {
			e.Hint = "write it as conv 3x3, 64"
		}
		return nil, e
	}
	if c.Stride, err = a.stride(); err != nil {
		return nil, err
	}
	if c.Dilation, err = a.option("dilation", 1); err != nil {
		return nil, err
	}
	groups := 1
	if depthwise {
		groups = a.In.C
	}
	explicit := slices.ContainsFunc(a.List, func(x Arg) bool { return x.Name == "groups" })
	if depthwise && explicit {
		return nil, errorf(BadGroups, nil, "depthwise and groups exclude each other")
	}
	if c.Groups, err = a.option("groups", groups); err != nil {
		return nil, err
	}
	if c.Groups < 1 || a.In.C%c.Groups != 0 || c.Out%c.Groups != 0 {
		e := errorf(BadGroups, nil, "%d groups do not divide %d input and %d output channels", c.Groups, a.In.C, c.Out)
		e.Hint = "the number of groups must divide both"
		return nil, e
	}
	if c.Bias, err = a.flag("bias", false); err != nil {
		return nil, err
	}
	if c.Pad, err = a.padding(k, c.Dilation); err != nil {
		return nil, err
	}
	return c, nil
}

// Name is "conv".
func (Conv) Name() string { return "conv" }

// Infer slides the window over the padded image.
func (c Conv) Infer(in []shape.Shape) (shape.Shape, error) {
	if c.Groups < 1 || in[0].C%c.Groups != 0 {
		return shape.Shape{}, errorf(BadGroups, nil, "%d groups do not divide %d channels", c.Groups, in[0].C)
	}
	if (Weight{Shape: []int{c.Out, in[0].C / c.Groups, c.KernelH * c.KernelW}}).Elements() > maxElements {
		return shape.Shape{}, errorf(TooLarge, nil, "the convolution has more than %d weights", maxElements)
	}
	return slide(in[0], c.Out, c.KernelH, c.KernelW, c.Stride, c.Dilation, c.Pad, false)
}

// slide is the shape that a window leaves.
func slide(in shape.Shape, channels, kh, kw, stride, dilation int, pad [4]int, ceil bool) (shape.Shape, error) {
	h, err := in.H.Through(shape.Window{Kernel: kh, Stride: stride, Dilation: dilation, Before: pad[0], After: pad[2], Ceil: ceil})
	if err != nil {
		return shape.Shape{}, sizeError(err, "height")
	}
	w, err := in.W.Through(shape.Window{Kernel: kw, Stride: stride, Dilation: dilation, Before: pad[1], After: pad[3], Ceil: ceil})
	if err != nil {
		return shape.Shape{}, sizeError(err, "width")
	}
	return bounded(shape.Shape{C: channels, H: h, W: w})
}

// sizeError is an error of shape arithmetic along one axis.
func sizeError(err error, axis string) *Error {
	e := &Error{Code: WindowTooLarge, Message: err.Error() + " (" + axis + ")"}
	if errors.Is(err, shape.ErrTooLarge) {
		e.Code = TooLarge
	}
	return e
}

// maxElements bounds one activation: 4 GiB of float32.
const maxElements = 1 << 30

// bounded refuses a shape that takes too much memory.
func bounded(s shape.Shape) (shape.Shape, error) {
	if s.C > shape.MaxSize || s.Elements() > maxElements {
		return shape.Shape{}, errorf(TooLarge, nil, "%s has more than %d values", s, maxElements)
	}
	return s, nil
}

// Weights are the filter, output channels first, and the bias.
func (c Conv) Weights(in []shape.Shape) []Weight {
	ws := []Weight{{"weight", []int{c.Out, in[0].C / c.Groups, c.KernelH, c.KernelW}, true}}
	if c.Bias {
		ws = append(ws, Weight{"bias", []int{c.Out}, true})
	}
	return ws
}

// MACs counts one multiply-add for each weight at each output pixel.
func (c Conv) MACs(in []shape.Shape, out shape.Shape) int64 {
	return out.Elements() * int64(in[0].C/c.Groups) * int64(c.KernelH) * int64(c.KernelW)
}

func (c Conv) String() string {
	dilation, groups, bias := "", "", ""
	if c.Dilation != 1 {
		dilation = fmt.Sprintf("dilation %d", c.Dilation)
	}
	if c.Groups != 1 {
		groups = fmt.Sprintf("groups %d", c.Groups)
	}
	if c.Bias {
		bias = "bias"
	}
	return attributes(fmt.Sprintf("%dx%d %d", c.KernelH, c.KernelW, c.Out), strideText(c.Stride), padText(c.Pad), dilation, groups, bias)
}
