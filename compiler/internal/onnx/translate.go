package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/op"
	format "github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// translations says what each of ONNX's operators is in the language.
var translations map[string]func(*reader, *format.Node) (value, error)

func init() { // the functions read the table's owner
	translations = map[string]func(*reader, *format.Node) (value, error){
		"Constant": (*reader).constant,
		"Identity": (*reader).alias, "Dropout": (*reader).alias, "Cast": (*reader).alias,
		"Conv": (*reader).conv, "Gemm": (*reader).gemm, "MatMul": (*reader).matMul, "BatchNormalization": (*reader).norm,
		"Relu": activation(op.ReLU), "Sigmoid": activation(op.Sigmoid), "HardSwish": activation(op.HardSwish),
		"Clip": (*reader).clip, "HardSigmoid": (*reader).hardSigmoid,
		"MaxPool": (*reader).pool, "AveragePool": (*reader).pool,
		"GlobalAveragePool": (*reader).globalAverage, "ReduceMean": (*reader).reduceMean,
		"Pad": (*reader).pad, "Slice": (*reader).slice,
		"Add": (*reader).sum, "Sum": (*reader).sum, "Mul": (*reader).product, "Concat": (*reader).concat,
		"Flatten": (*reader).flatten, "Reshape": (*reader).reshape, "Squeeze": (*reader).squeeze, "Unsqueeze": (*reader).unsqueeze,
		"Shape": (*reader).shapeOf, "Gather": (*reader).gather,
	}
}

// alias is the value as it is.
func (r *reader) alias(n *format.Node) (value, error) {
	if len(n.Inputs) == 0 {
		return value{}, errors.New("it has no input")
	}
	v := r.values[n.Inputs[0]]
	if n.Op == "Cast" && v.sizes == nil {
		return value{}, errors.New("values are float32 throughout")
	}
	return v, nil
}

func (r *reader) constant(n *format.Node) (value, error) {
	a := n.Attribute("value")
	if a == nil || a.Tensor == nil {
		return value{}, errors.New("only constants that are tensors are read")
	}
	return value{constant: a.Tensor}, nil
}

// made is the value of a new node.
func made(n *node, err error) (value, error) {
	if err != nil {
		return value{}, err
	}
	return value{node: n, flat: n.shape.Flat}, nil
}

// image is the i-th input, with height and width: as every operator takes it.
func (r *reader) image(n *format.Node, i int) (*node, error) {
	v, err := r.arg(n, i)
	if err == nil && v.flat && !v.node.shape.Flat && pixels(v.node) != 1 {
		err = errors.New("it reads a flattened image, which only linear does")
	}
	return v.node, err
}

func activation(a op.Activation) func(*reader, *format.Node) (value, error) {
	return func(r *reader, n *format.Node) (value, error) {
		x, err := r.image(n, 0)
		if err != nil {
			return value{}, err
		}
		v, err := made(r.apply(n, op.Activate{Function: a}, x))
		v.flat = r.values[n.Inputs[0]].flat
		return v, err
	}
}

// alike fails where some inputs are vectors and others images, which are aligned from
// their last axes: a vector's channels with an image's columns.
func (r *reader) alike(n *format.Node) error {
	for _, name := range n.Inputs[1:] {
		if r.values[name].flat != r.values[n.Inputs[0]].flat {
			return errors.New("it joins a vector and an image")
		}
	}
	return nil
}

func (r *reader) clip(n *format.Node) (value, error) {
	low, err := r.number(n, "min", 1, float32(math.Inf(-1)))
	if err != nil {
		return value{}, err
	}
	high, err := r.number(n, "max", 2, float32(math.Inf(1)))
	if err != nil {
		return value{}, err
	}
	switch {
	case low == 0 && high == 6:
		return activation(op.ReLU6)(r, n)
	case low == 0 && high >= math.MaxFloat32:
		return activation(op.ReLU)(r, n)
	}
	return value{}, fmt.Errorf("it clips to %g..%g; only 0..6, which is relu6, can be said", low, high)
}

// hardSigmoid is half of a hardswish.
func (r *reader) hardSigmoid(n *format.Node) (value, error) {
	x, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	alpha, _ := r.number(n, "alpha", 9, 0.2)
	if beta, _ := r.number(n, "beta", 9, 0.5); math.Abs(float64(alpha)-1./6) > 1e-6 || beta != 0.5 {
		return value{}, errors.New("the language has no such operator")
	}
	half, err := r.apply(n, op.Activate{Function: op.HardSwish}, x)
	if err == nil {
		half.hard = true
	}
	return made(half, err)
}

// pair is an attribute with one number for each axis, which must be equal where
// the language has one.
func pair(n *format.Node, attribute string, otherwise int64) (int, error) {
	a := n.Attribute(attribute)
	if a == nil {
		return int(otherwise), nil
	}
	if len(a.Ints) != 2 || a.Ints[0] != a.Ints[1] || a.Ints[0] < 1 || a.Ints[0] > 1<<20 {
		return 0, fmt.Errorf("%s is %v, and one number for both axes can be said", attribute, a.Ints)
	}
	return int(a.Ints[0]), nil
}

// padding is a window's: top, left, bottom, right.
func padding(n *format.Node, x *node, kernel [2]int, stride, dilation int) (p [4]int, err error) {
	auto := "NOTSET"
	if a := n.Attribute("auto_pad"); a != nil && a.Text != "" {
		auto = a.Text
	}
	switch auto {
	case "VALID":
		return p, nil
	case "SAME_UPPER", "SAME_LOWER":
		for axis, in := range []int{x.shape.H.Int(), x.shape.W.Int()} {
			all := max(0, ((in+stride-1)/stride-1)*stride+(kernel[axis]-1)*dilation+1-in)
			p[axis], p[axis+2] = all/2, all-all/2
			if auto == "SAME_LOWER" {
				p[axis], p[axis+2] = p[axis+2], p[axis]
			}
		}
		return p, nil
	case "NOTSET":
	default:
		return p, fmt.Errorf("auto_pad is %q", auto)
	}
	a := n.Attribute("pads")
	if a == nil {
		return p, nil
	}
	if len(a.Ints) != 4 {
		return p, fmt.Errorf("pads is %v, and has four numbers for an image", a.Ints)
	}
	for i, v := range a.Ints {
		if v < 0 || v > 1024 {
			return p, fmt.Errorf("padding is %d, and must be 0 to 1024", v)
		}
		p[i] = int(v)
	}
	return p, nil
}

// kernelOf is a window's sides.
func kernelOf(n *format.Node) (k [2]int, err error) {
	a := n.Attribute("kernel_shape")
	if a == nil || len(a.Ints) != 2 || min(a.Ints[0], a.Ints[1]) < 1 || max(a.Ints[0], a.Ints[1]) > 1024 {
		return k, errors.New("its window has not two sides of 1 to 1024")
	}
	return [2]int{int(a.Ints[0]), int(a.Ints[1])}, nil
}

func (r *reader) conv(n *format.Node) (value, error) {
	x, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	w, err := r.tensor(n, 1)
	if err != nil {
		return value{}, err
	}
	if w == nil || len(w.Shape) != 4 || slices.Min(w.Shape) < 1 || slices.Max(w.Shape) > 1<<20 {
		return value{}, errors.New("its filter has not four dimensions")
	}
	c := op.Conv{Out: w.Shape[0], KernelH: w.Shape[2], KernelW: w.Shape[3], Groups: int(min(integer(n, "group", 1), 1<<20))}
	if c.Groups < 1 || w.Shape[1]*c.Groups != x.shape.C || c.Out%c.Groups != 0 {
		return value{}, fmt.Errorf("a filter %v in %d groups does not fit %d channels", w.Shape, c.Groups, x.shape.C)
	}
	if c.Stride, err = pair(n, "strides", 1); err != nil {
		return value{}, err
	}
	if c.Dilation, err = pair(n, "dilations", 1); err != nil {
		return value{}, err
	}
	if c.Pad, err = padding(n, x, [2]int{c.KernelH, c.KernelW}, c.Stride, c.Dilation); err != nil {
		return value{}, err
	}
	weights := []weight{{"weight", *w}}
	b, err := r.tensor(n, 2)
	if err != nil {
		return value{}, err
	}
	if b != nil {
		if !slices.Equal(b.Shape, []int{c.Out}) {
			return value{}, fmt.Errorf("its bias is %v", b.Shape)
		}
		c.Bias = true
		weights = append(weights, weight{"bias", *b})
	}
	return r.weighted(n, c, weights, x)
}

// weighted is a node with weights, whose names give its path.
func (r *reader) weighted(n *format.Node, o op.Op, weights []weight, x *node) (value, error) {
	v, err := r.apply(n, o, x)
	if err != nil {
		return value{}, err
	}
	for i, w := range weights {
		if !w.tensor.DType.Convertible() {
			return value{}, fmt.Errorf("its weights are %s", w.tensor.DType)
		}
		if path, ok := pathOfWeight(w); ok && i == 0 {
			v.path = path
		}
	}
	v.weights = weights
	return made(v, nil)
}

// linear is a matrix with an optional bias over a flattened image.
func (r *reader) linear(n *format.Node, w, b *format.Tensor, transposed bool) (value, error) {
	v, err := r.arg(n, 0)
	if err != nil {
		return value{}, err
	}
	x := v.node
	if w == nil || len(w.Shape) != 2 || min(w.Shape[0], w.Shape[1]) < 1 || !v.flat {
		return value{}, errors.New("it is no matrix over a flattened image")
	}
	matrix := *w
	if !transposed {
		matrix = transpose(*w)
	}
	if int64(matrix.Shape[1]) != x.shape.Elements() || matrix.Shape[0] > 1<<20 {
		return value{}, fmt.Errorf("a matrix %v does not fit %d values", matrix.Shape, x.shape.Elements())
	}
	weights := []weight{{"weight", matrix}}
	if b != nil {
		if b.Len() != matrix.Shape[0] {
			return value{}, fmt.Errorf("its bias is %v", b.Shape)
		}
		weights = append(weights, weight{"bias", reshaped(*b, matrix.Shape[0])})
	}
	return r.weighted(n, op.Linear{Out: matrix.Shape[0], Bias: b != nil}, weights, x)
}

func (r *reader) gemm(n *format.Node) (value, error) {
	for _, a := range n.Attributes {
		if (a.Name == "alpha" || a.Name == "beta") && a.Float != 1 || a.Name == "transA" && a.Int != 0 {
			return value{}, fmt.Errorf("%s is %g, and a matrix product alone can be said", a.Name, a.Float)
		}
	}
	w, err := r.tensor(n, 1)
	if err != nil {
		return value{}, err
	}
	b, err := r.tensor(n, 2)
	if err != nil {
		return value{}, err
	}
	return r.linear(n, w, b, integer(n, "transB", 0) == 1)
}

func (r *reader) matMul(n *format.Node) (value, error) {
	w, err := r.tensor(n, 1)
	if err != nil {
		return value{}, err
	}
	return r.linear(n, w, nil, false)
}

// transpose is a matrix with its sides exchanged, in single precision.
func transpose(t format.Tensor) format.Tensor {
	rows, columns := t.Shape[0], t.Shape[1]
	return safetensors.NewTensor(t.Name, safetensors.F32, []int{columns, rows}, func() ([]byte, error) {
		v, err := t.Float32()
		if err != nil {
			return nil, err
		}
		out := make([]float32, len(v))
		for i := range rows {
			for j := range columns {
				out[j*rows+i] = v[i*columns+j]
			}
		}
		return safetensors.Float32Bytes(out), nil
	})
}

// reshaped is a tensor's values in another shape of as many.
func reshaped(t format.Tensor, shape ...int) format.Tensor {
	t.Shape = shape
	return t
}

func (r *reader) norm(n *format.Node) (value, error) {
	x, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	eps, err := r.number(n, "epsilon", 9, 1e-5)
	if err != nil {
		return value{}, err
	}
	if integer(n, "training_mode", 0) != 0 {
		return value{}, errors.New("it normalises by the batch, as in training")
	}
	var weights []weight
	for i, entry := range []string{"weight", "bias", "running_mean", "running_var"} {
		t, err := r.tensor(n, i+1)
		if err != nil {
			return value{}, err
		}
		if t == nil || !slices.Equal(t.Shape, []int{x.shape.C}) {
			return value{}, fmt.Errorf("its %s has not one value for each of %d channels", entry, x.shape.C)
		}
		weights = append(weights, weight{entry, *t})
	}
	return r.weighted(n, op.BatchNorm{Epsilon: shortest(eps)}, weights, x)
}

// shortest is the number that a person wrote for a float32: 1e-5, where the
// float32 is 0.0000099999997.
func shortest(f float32) float64 {
	var v float64
	fmt.Sscan(fmt.Sprint(f), &v)
	return v
}
