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
	axes, err := r.integers(n, "axes", 3)
	if err != nil {
		return value{}, err
	}
	for i, a := range axes {
		if a != int64(i) {
			return value{}, fmt.Errorf("it pads the axes %v; only all in their order are read", axes)
		}
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
	sizes := []int64{math.MaxInt32, int64(x.shape.C), int64(x.shape.H.Int()), int64(x.shape.W.Int())} // by axis
	if v.flat {
		sizes = []int64{math.MaxInt32, x.shape.Elements()}
	}
	by := map[int64]int{}
	for i := range starts {
		axis, step := int64(i), int64(1)
		if i < len(axes) {
			axis = axes[i]
		}
		if axis < 0 {
			axis += int64(len(sizes))
		}
		if i < len(steps) {
			step = steps[i]
		}
		whole := axis >= 0 && axis < int64(len(sizes)) && i < len(ends) && ends[i] >= sizes[axis]
		if starts[i] != 0 || !whole || step < 1 || step > 1<<20 || step > 1 && axis < 2 {
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
			return reshapedConstant(t, to)
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
		v.flat = false
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
		axes, err := r.integers(n, "axes", 1)
		if err != nil {
			return value{}, err
		}
		return unsqueezedConstant(v.constant, axes)
	case v.node == nil:
		return value{}, errors.New("its input is missing")
	case pixels(v.node) == 1:
		v.flat = false
		return v, nil
	}
	return value{}, errors.New("an image has two sides")
}

// reshapedConstant is a constant in another shape, of which one size may be -1.
func reshapedConstant(t *format.Tensor, to []int64) (value, error) {
	shape, known, open := make([]int, len(to)), 1, -1
	for i, d := range to {
		switch {
		case d == 0 && i < len(t.Shape):
			d = int64(t.Shape[i])
		case d == -1 && open < 0:
			open = i
			continue
		}
		if d < 1 || d > int64(t.Len()) || known > t.Len() {
			return value{}, fmt.Errorf("it reshapes a constant to %v", to)
		}
		shape[i] = int(d)
		known *= int(d)
	}
	if open >= 0 {
		shape[open] = t.Len() / known
		known *= shape[open]
	}
	if known != t.Len() || t.Len() == 0 {
		return value{}, fmt.Errorf("it reshapes a constant to %v", to)
	}
	c := reshaped(*t, shape...)
	return value{constant: &c}, nil
}

// unsqueezedConstant is a constant with more axes, of one element each.
func unsqueezedConstant(t *format.Tensor, axes []int64) (value, error) {
	rank := len(t.Shape) + len(axes)
	shape := make([]int, rank)
	for _, a := range axes {
		if a < 0 {
			a += int64(rank)
		}
		if a < 0 || a >= int64(rank) || shape[a] != 0 {
			return value{}, fmt.Errorf("it adds the axes %v to %d", axes, len(t.Shape))
		}
		shape[a] = 1
	}
	rest := t.Shape
	for i := range shape {
		if shape[i] == 0 {
			shape[i], rest = rest[0], rest[1:]
		}
	}
	c := reshaped(*t, shape...)
	return value{constant: &c}, nil
}

// perChannel is a constant that has one value for each channel of x where it is
// broadcast, as a vector of them: [C,1,1], [1,C,1,1], or [C] beside one pixel.
func perChannel(t *format.Tensor, x *node) (*format.Tensor, bool) {
	if t.Len() != x.shape.C || len(t.Shape) < 1 || len(t.Shape) > 4 {
		return nil, false
	}
	behind := 0 // axes behind that of the channels
	for i, d := range t.Shape {
		if d == t.Len() && d > 1 {
			behind = len(t.Shape) - 1 - i
		}
	}
	if t.Len() > 1 && behind != 2 && (behind != 0 || pixels(x) != 1) {
		return nil, false
	}
	vector := reshaped(*t, t.Len())
	return &vector, true
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
