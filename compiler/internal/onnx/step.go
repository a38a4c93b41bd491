package onnx

import (
	"fmt"
	"strconv"

	"github.com/resc-lang/resc/compiler/internal/op"
)

// slotKind says what a number of a step is.
type slotKind int

// The numbers that differ between instances of a block.
const (
	outSlot slotKind = iota
	strideSlot
	groupsSlot
	dilationSlot
	windowSlot // the stride of a subsampling, or of windows as large
	classesSlot
)

// around is the text around a slot's value; nothing at all where it is 1 and may
// be left out.
func (k slotKind) around(value string) string {
	if value == "1" && k != outSlot && k != classesSlot && k != windowSlot {
		return ""
	}
	switch k {
	case strideSlot:
		return ", /" + value
	case windowSlot:
		return " /" + value
	case groupsSlot:
		return ", groups " + value
	case dilationSlot:
		return ", dilation " + value
	}
	return value
}

// literal is a slot's text with its number.
func literal(k slotKind, v int) string { return k.around(strconv.Itoa(v)) }

// step is the text of one operator.
func (f *frame) step(n *node) string {
	switch o := n.op.(type) {
	case op.Conv:
		return f.conv(n, o)
	case op.Linear:
		text := "linear " + f.slot(classesSlot, o.Out)
		if !o.Bias {
			text += ", no bias"
		}
		return text
	case op.BatchNorm:
		if s := o.String(); s != "" {
			return "bn " + s
		}
		return "bn"
	case op.Pool:
		return f.pool(o)
	case op.ZeroPad:
		return "zeropad " + sides(o.Pad)
	case op.PadChannels:
		text := "pad " + f.slot(outSlot, n.shape.C)
		if o.Before > 0 {
			text += ", both"
		}
		return text
	case op.Subsample:
		return "subsample" + f.slot(windowSlot, o.Stride)
	}
	return n.op.Name() // an activation, a scale, or the average of everything
}

func (f *frame) conv(n *node, o op.Conv) string {
	text := fmt.Sprintf("conv %dx%d", o.KernelH, o.KernelW)
	channels := n.in[0].shape.C
	depthwise := o.Groups == channels && channels > 1
	if !depthwise || o.Out != channels {
		text += ", " + f.slot(outSlot, o.Out)
	}
	if depthwise {
		text += ", depthwise"
	}
	text += f.slot(strideSlot, o.Stride)
	y, x := o.Dilation*(o.KernelH-1)/2, o.Dilation*(o.KernelW-1)/2
	if o.Pad != [4]int{y, x, y, x} || o.KernelH%2 == 0 || o.KernelW%2 == 0 {
		text += ", pad " + sides(o.Pad)
	}
	if !depthwise {
		text += f.slot(groupsSlot, o.Groups)
	}
	text += f.slot(dilationSlot, o.Dilation)
	if o.Bias {
		text += ", bias"
	}
	return text
}

func (f *frame) pool(o op.Pool) string {
	text := o.Name()
	windows := !o.Max && o.KernelH == o.Stride && o.KernelW == o.Stride && o.Stride > 1
	if !windows {
		text += fmt.Sprintf(" %dx%d", o.KernelH, o.KernelW)
	}
	if windows {
		text += f.slot(windowSlot, o.Stride)
	} else if o.Stride > 1 {
		text += ", /" + strconv.Itoa(o.Stride)
	}
	y, x := (o.KernelH-1)/2, (o.KernelW-1)/2
	odd := o.KernelH%2 == 1 && o.KernelW%2 == 1
	switch {
	case windows && o.Pad == [4]int{}, !windows && odd && o.Pad == [4]int{y, x, y, x}:
	default:
		text += ", pad " + sides(o.Pad)
	}
	if o.Ceil {
		text += ", ceil"
	}
	if o.ExcludePad {
		text += ", exclude-pad"
	}
	return text
}

// sides is padding, which is top, left, bottom, right, as it is written.
func sides(p [4]int) string {
	switch {
	case p[0] == p[1] && p[1] == p[2] && p[2] == p[3]:
		return strconv.Itoa(p[0])
	case p[0] == p[1] && p[2] == p[3]:
		return fmt.Sprintf("%d:%d", p[0], p[2])
	}
	return fmt.Sprintf("(%d, %d, %d, %d)", p[0], p[2], p[1], p[3])
}
