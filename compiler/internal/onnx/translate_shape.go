package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	format "github.com/resc-lang/resc/internal/onnx"
)

func (r *reader) pool(n *format.Node) (value, error) {
	x, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	if len(n.Outputs) > 1 && n.Outputs[1] != "" {
		return value{}, errors.New("it gives the places of the largest values too")
	}
	k, err := kernelOf(n)
	if err != nil {
		return value{}, err
	}
	p := op.Pool{Max: n.Op == "MaxPool", KernelH: k[0], KernelW: k[1], Ceil: integer(n, "ceil_mode", 0) == 1}
	if p.Stride, err = pair(n, "strides", 1); err != nil {
		return value{}, err
	}
	if d, err := pair(n, "dilations", 1); err != nil || d != 1 {
		return value{}, errors.New("its window is dilated")
	}
	if p.Pad, err = padding(n, x, k, p.Stride, 1); err != nil {
		return value{}, err
	}
	switch {
	case p.Max && k == [2]int{1, 1} && p.Pad == [4]int{} && p.Stride > 1:
		return made(r.apply(n, op.Subsample{Stride: p.Stride}, x))
	case !p.Max && k == [2]int{x.shape.H.Int(), x.shape.W.Int()} && p.Pad == [4]int{} && x.shape.IsConst():
		return made(r.apply(n, op.GlobalAverage{}, x))
	case p.IsIdentity():
		return value{node: x}, nil
	case !p.Max:
		p.ExcludePad = integer(n, "count_include_pad", 0) == 0 && (p.Ceil || p.Pad != [4]int{})
	}
	for i, side := range []int{k[0], k[1], k[0], k[1]} {
		if p.Pad[i] >= side {
			return value{}, errors.New("a window could lie in the padding alone")
		}
	}
	return made(r.apply(n, ceiling(p, x.shape), x))
}

// ceiling says padding that only a last window overhangs, and that counts for
// nothing, as ceiling mode.
func ceiling(p op.Pool, in shape.Shape) op.Pool {
	q := p
	q.Ceil, q.Pad = true, [4]int{p.Pad[0], p.Pad[1], p.Pad[0], p.Pad[1]}
	if p.Ceil || !p.Max && !p.ExcludePad || q.Pad == p.Pad || p.Pad[2] < q.Pad[2] || p.Pad[3] < q.Pad[3] {
		return p
	}
	a, err := p.Infer([]shape.Shape{in})
	if err != nil {
		return p
	}
	b, err := q.Infer([]shape.Shape{in})
	if err != nil || a.H.Int() != b.H.Int() || a.W.Int() != b.W.Int() {
		return p
	}
	return q
}

func (r *reader) globalAverage(n *format.Node) (value, error) {
	x, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	return made(r.apply(n, op.GlobalAverage{}, x))
}

func (r *reader) reduceMean(n *format.Node) (value, error) {
	x, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	axes, err := r.integers(n, "axes", 1)
	if err != nil {
		return value{}, err
	}
	for i := range axes {
		axes = slices.Clone(axes)
		if axes[i] < 0 {
			axes[i] += 4
		}
	}
	slices.Sort(axes)
	if !slices.Equal(axes, []int64{2, 3}) {
		return value{}, fmt.Errorf("it averages over the axes %v; only the whole image can be said", axes)
	}
	v, err := made(r.apply(n, op.GlobalAverage{}, x))
	v.flat = integer(n, "keepdims", 1) == 0
	return v, err
}

func (r *reader) pad(n *format.Node) (value, error) {
	x, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	if a := n.Attribute("mode"); a != nil && a.Text != "" && a.Text != "constant" {
		return value{}, fmt.Errorf("it pads by %s; only zeros can be said", a.Text)
	}
	if v, err := r.number(n, "value", 2, 0); err != nil || v != 0 {
		return value{}, errors.New("it pads with other values than zero")
	}
	p, err := r.integers(n, "pads", 1)
	if err != nil {
		return value{}, err
	}
	if len(p) == 4 && x.shape.Flat {
		p = []int64{p[0], p[1], 0, 0, p[2], p[3], 0, 0}
	}
	if len(p) != 8 || p[0] != 0 || p[4] != 0 || slices.Min(p) < 0 || slices.Max(p) > 1<<20 {
		return value{}, fmt.Errorf("its padding is %v; pixels and channels of an image can be padded", p)
	}
	around := [4]int{int(p[2]), int(p[3]), int(p[6]), int(p[7])}
	before, after := int(p[1]), int(p[5])
	switch {
	case slices.Max(around[:]) > 1024:
		return value{}, fmt.Errorf("padding is %d, and may be at most 1024", slices.Max(around[:]))
	case before+after == 0 && around == [4]int{}:
		return value{node: x}, nil
	case before+after == 0:
		return made(r.apply(n, op.ZeroPad{Pad: around}, x))
	case around != [4]int{}:
		return value{}, errors.New("it pads pixels and channels at once")
	case before != 0 && before != (before+after)/2:
		return value{}, fmt.Errorf("it puts %d channels before and %d after; all after, or half before, can be said", before, after)
	}
	return made(r.apply(n, op.PadChannels{Before: before, After: after}, x))
}

// slice is a subsampling, or a half of one: some exporters slice rows and columns
// one after the other.
func (r *reader) slice(n *format.Node) (value, error) {
	v, err := r.arg(n, 0)
	if err != nil {
		return value{}, err
	}
	x := v.node
	var lists [4][]int64
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		if lists[i], err = r.integers(n, name, i+1); err != nil {
			return value{}, err
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	by := map[int64]int{}
	for i := range starts {
		axis, step := int64(i), int64(1)
		if i < len(axes) {
			axis = axes[i]
		}
		if axis < 0 {
			axis += 4
		}
		if i < len(steps) {
			step = steps[i]
		}
		whole := i < len(ends) && (ends[i] >= math.MaxInt32 || axis >= 2 && axis < 4 && ends[i] >= int64([]int{x.shape.H.Int(), x.shape.W.Int()}[axis-2]) || axis == 1 && ends[i] >= int64(x.shape.C))
		if starts[i] != 0 || !whole || step < 1 || step > 1<<20 || step > 1 && axis < 2 || axis > 3 {
			return value{}, errors.New("it takes a part; only every n-th pixel of every n-th row can be said")
		}
		by[axis] = int(step)
	}
	rows, columns := max(by[2], 1), max(by[3], 1)
	switch {
	case rows == 1 && columns == 1:
		return v, nil
	case rows == columns:
		return made(r.apply(n, op.Subsample{Stride: rows}, x))
	case columns == 1 && !x.half():
		half := &node{op: op.Subsample{Stride: rows}, in: []*node{x}, shape: x.shape, source: sourceOf(n)}
		half.slice = rows
		return value{node: half}, nil
	case rows == 1 && x.slice == columns:
		return made(r.apply(n, op.Subsample{Stride: columns}, x.in[0]))
	}
	return value{}, errors.New("it takes other steps along rows than along columns")
}

func (r *reader) flatten(n *format.Node) (value, error) {
	v, err := r.arg(n, 0)
	if err == nil && integer(n, "axis", 1) != 1 {
		err = errors.New("it flattens from another axis than the channels")
	}
	v.flat = true
	return v, err
}

// reshape is a flattening, in one of the many ways to write it.
func (r *reader) reshape(n *format.Node) (value, error) {
	to, err := r.integers(n, "shape", 1)
	if err != nil {
		return value{}, err
	}
	if len(n.Inputs) > 0 {
		if t := r.values[n.Inputs[0]].constant; t != nil { // of a factor for each channel
			return value{constant: perChannel(t)}, nil
		}
	}
	v, err := r.arg(n, 0)
	if err != nil {
		return value{}, err
	}
	elements := v.node.shape.Elements()
	batch := len(to) > 0 && (to[0] == 0 || to[0] == 1 || to[0] == -1 || to[0] == anyBatch)
	switch {
	case batch && len(to) == 2 && (to[1] == elements || to[1] == -1 && to[0] != -1):
		v.flat = true
		return v, nil
	case batch && len(to) == 4 && pixels(v.node) == 1 && to[2] == 1 && to[3] == 1 && (to[1] == elements || to[1] == -1 || to[1] == 0):
		v.flat = v.node.shape.Flat
		return v, nil
	}
	return value{}, fmt.Errorf("it reshapes to %v; only flattening can be said", to)
}

func (r *reader) squeeze(n *format.Node) (value, error) {
	v, err := r.arg(n, 0)
	if err == nil && pixels(v.node) != 1 {
		err = errors.New("it drops a side of an image")
	}
	v.flat = true
	return v, err
}

func (r *reader) unsqueeze(n *format.Node) (value, error) {
	if len(n.Inputs) == 0 {
		return value{}, errors.New("it has no input")
	}
	v := r.values[n.Inputs[0]]
	switch {
	case v.sizes != nil:
		return v, nil
	case v.constant != nil:
		return value{constant: perChannel(v.constant)}, nil
	case pixels(v.node) == 1:
		v.flat = v.node.shape.Flat
		return v, nil
	}
	return value{}, errors.New("an image has two sides")
}

// perChannel is a constant with one value for each channel as a vector of them:
// [C,1,1], [1,C,1,1] or [C]; every other as it is.
func perChannel(t *format.Tensor) *format.Tensor {
	if slices.Max(append([]int{1}, t.Shape...)) != t.Len() || len(t.Shape) < 1 {
		return t
	}
	vector := reshaped(*t, t.Len())
	return &vector
}

// shapeOf gives sizes, of which flattening may be made.
func (r *reader) shapeOf(n *format.Node) (value, error) {
	v, err := r.arg(n, 0)
	if err != nil {
		return value{}, err
	}
	s := v.node.shape
	if v.flat {
		return value{sizes: []int64{anyBatch, s.Elements()}}, nil
	}
	return value{sizes: []int64{anyBatch, int64(s.C), int64(s.H.Int()), int64(s.W.Int())}}, nil
}

func (r *reader) gather(n *format.Node) (value, error) {
	if len(n.Inputs) == 0 || r.values[n.Inputs[0]].sizes == nil {
		return value{}, errors.New("the language has no such operator")
	}
	sizes := r.values[n.Inputs[0]].sizes
	at, err := r.integers(n, "", 1)
	if err != nil {
		return value{}, err
	}
	var picked []int64
	for _, i := range at {
		if i < 0 {
			i += int64(len(sizes))
		}
		if i < 0 || i >= int64(len(sizes)) {
			return value{}, errors.New("it asks for a size that is not there")
		}
		picked = append(picked, sizes[i])
	}
	return value{sizes: picked}, nil
}
