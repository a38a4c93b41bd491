package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	format "github.com/resc-lang/resc/internal/onnx"
)

// node adds the nodes of a step.
func (e *exporter) node(n *ir.Node) {
	name := e.value[n]
	if name == "" {
		name = e.names.unique(n.Path)
		e.value[n] = name
	}
	weight := func(entry string) string { return n.Path + "." + entry }
	x := func() string { return e.take(n.Args[0], n.Shape.Flat) }
	emit := func(operator string, inputs []string, attributes ...format.Attribute) {
		e.add(operator, n.Path, name, inputs, attributes...)
	}
	switch o := n.Op.(type) {
	case op.Conv:
		inputs := []string{x(), weight("weight")}
		if o.Bias {
			inputs = append(inputs, weight("bias"))
		}
		emit("Conv", inputs, format.Ints("kernel_shape", int64(o.KernelH), int64(o.KernelW)), pads(o.Pad), strides(o.Stride),
			format.Ints("dilations", int64(o.Dilation), int64(o.Dilation)), format.Int("group", int64(o.Groups)))
	case op.Linear:
		inputs := []string{e.take(n.Args[0], true), weight("weight")}
		if o.Bias {
			inputs = append(inputs, weight("bias"))
		}
		emit("Gemm", inputs, format.Int("transB", 1))
	case op.BatchNorm:
		emit("BatchNormalization", []string{x(), weight("weight"), weight("bias"), weight("running_mean"), weight("running_var")}, epsilon(o))
	case op.Scale:
		gamma, beta := weight("weight"), weight("bias")
		if !n.Shape.Flat { // one factor for each channel lines up with the last axis
			axes := e.integers(name+".axes", 1, 2)
			gamma = e.step("Unsqueeze", name+".factor", []string{gamma, axes})
			beta = e.step("Unsqueeze", name+".shift", []string{beta, axes})
		}
		emit("Add", []string{e.step("Mul", name+".scaled", []string{x(), gamma}), beta})
	case op.Activate:
		e.activate(o.Function, name, x(), emit)
	case op.Pool:
		e.pool(n, o, name, emit)
	case op.GlobalAverage:
		emit("GlobalAveragePool", []string{e.take(n.Args[0], false)})
	case op.ZeroPad:
		inputs := e.zeros(name, x(), o.Pad)
		if slices.ContainsFunc(e.uses[n], isPool) {
			inputs = append(inputs, e.apart(name))
		}
		emit("Pad", inputs)
	case op.PadChannels:
		p := []int64{0, int64(o.Before), 0, 0, 0, int64(o.After), 0, 0}
		if n.Shape.Flat {
			p = []int64{0, int64(o.Before), 0, int64(o.After)}
		}
		emit("Pad", []string{x(), e.integers(name+".pads", p...)})
	case op.Subsample:
		s := int64(o.Stride)
		emit("Slice", []string{x(), e.integers(name+".starts", 0, 0), e.integers(name+".ends", everything, everything),
			e.integers(name+".axes", 2, 3), e.integers(name+".steps", s, s)})
	case op.Add:
		emit("Add", []string{x(), e.take(n.Args[1], n.Shape.Flat)})
	case op.Mul:
		emit("Mul", []string{x(), e.take(n.Args[1], n.Shape.Flat)})
	case op.Concat:
		emit("Concat", []string{x(), e.take(n.Args[1], false)}, format.Int("axis", 1))
	default:
		panic(fmt.Sprintf("onnx: no export of %s", n.Op.Name()))
	}
}

// zeros is the inputs of a padding by zeros around the image.
func (e *exporter) zeros(name, x string, p [4]int) []string {
	return []string{x, e.integers(name+".pads", 0, 0, int64(p[0]), int64(p[1]), 0, 0, int64(p[2]), int64(p[3]))}
}

// apart is the zero to pad with in front of a pooling. ONNX Runtime moves padding
// by zeros into the pooling that reads it, where padding is something else: never
// the largest, and not always counted. It leaves a negative zero alone.
func (e *exporter) apart(name string) string {
	return e.constant(name+".zero", format.Scalar("", float32(math.Copysign(0, -1))))
}

func isPool(n *ir.Node) bool {
	_, ok := n.Op.(op.Pool)
	return ok
}

// pads is padding: top, left, bottom, right, as ONNX has it too.
func pads(p [4]int) format.Attribute {
	return format.Ints("pads", int64(p[0]), int64(p[1]), int64(p[2]), int64(p[3]))
}

func strides(s int) format.Attribute { return format.Ints("strides", int64(s), int64(s)) }

// activate adds an activation.
func (e *exporter) activate(a op.Activation, name, x string, emit func(string, []string, ...format.Attribute)) {
	switch a {
	case op.ReLU:
		emit("Relu", []string{x})
	case op.ReLU6:
		emit("Clip", []string{x, e.constant(name+".low", format.Scalar("", 0)), e.constant(name+".high", format.Scalar("", 6))})
	case op.SiLU:
		emit("Mul", []string{x, e.step("Sigmoid", name+".sigmoid", []string{x})})
	case op.HardSwish:
		emit("HardSwish", []string{x})
	case op.Sigmoid:
		emit("Sigmoid", []string{x})
	default:
		panic(fmt.Sprintf("onnx: no export of %s", a))
	}
}

// pool adds a pooling. ONNX's ceiling mode is avoided where the sizes allow it:
// what the last window overhangs is padding that counts for nothing, which every
// version and every runtime agrees on.
func (e *exporter) pool(n *ir.Node, o op.Pool, name string, emit func(string, []string, ...format.Attribute)) {
	x := e.take(n.Args[0], false)
	in, out := n.Args[0].Shape, n.Shape
	pad, ceil := o.Pad, o.Ceil
	if ceil {
		bottom, fixedH := overhang(in.H, out.H, o.KernelH, o.Stride, o.Pad[0])
		right, fixedW := overhang(in.W, out.W, o.KernelW, o.Stride, o.Pad[1])
		if fixedH && fixedW {
			pad[2], pad[3] = bottom, right
			ceil = pad == o.Pad // windows that end where the image does, in either mode
		}
	}
	if !o.Max && !o.ExcludePad && pad != o.Pad {
		// The declared padding counts, the overhang does not.
		declared := [4]int{o.Pad[0], o.Pad[1], min(o.Pad[2], pad[2]), min(o.Pad[3], pad[3])}
		if declared != [4]int{} {
			x = e.step("Pad", name+".padded", append(e.zeros(name, x, declared), e.apart(name)))
		}
		for side := range pad {
			pad[side] -= declared[side]
		}
		o.ExcludePad = true
	}
	attributes := []format.Attribute{format.Ints("kernel_shape", int64(o.KernelH), int64(o.KernelW)), pads(pad), strides(o.Stride)}
	if ceil {
		attributes = append(attributes, format.Int("ceil_mode", 1))
	}
	if o.Max {
		emit("MaxPool", []string{x}, attributes...)
		return
	}
	if !o.ExcludePad && (ceil || pad != [4]int{}) {
		attributes = append(attributes, format.Int("count_include_pad", 1))
	}
	emit("AveragePool", []string{x}, attributes...)
}

// overhang is the padding after an axis with which windows, rounded down, are as
// many as the output has; fixed says that it is the same for every input.
func overhang(in, out shape.Dim, kernel, stride, before int) (after int, fixed bool) {
	of := func(in, out int) int { return max(0, (out-1)*stride+kernel-in-before) }
	r := in.Range()
	if r == nil {
		return of(in.Int(), out.Int()), true
	}
	after = of(in.At(r.Low), out.At(r.Low))
	for i := range r.Len() {
		if of(in.At(r.At(i)), out.At(r.At(i))) != after {
			return 0, false
		}
	}
	return after, true
}
