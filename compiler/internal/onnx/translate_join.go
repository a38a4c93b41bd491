package onnx

import (
	"errors"
	"fmt"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/op"
	format "github.com/resc-lang/resc/internal/onnx"
)

// sum is an addition, the bias of a matrix product, or the shift of a scale.
func (r *reader) sum(n *format.Node) (value, error) {
	if len(n.Inputs) != 2 {
		return value{}, fmt.Errorf("it adds %d values; two can be said", len(n.Inputs))
	}
	for i := range 2 {
		if t := r.values[n.Inputs[1-i]].constant; t != nil {
			return r.shift(n, i, t)
		}
	}
	a, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	b, err := r.image(n, 1)
	if err != nil {
		return value{}, err
	}
	if err := r.alike(n); err != nil {
		return value{}, err
	}
	return made(r.apply(n, op.Add{}, a, b))
}

// shift adds a constant to what a matrix product or a scale made.
func (r *reader) shift(n *format.Node, i int, t *format.Tensor) (value, error) {
	v, err := r.arg(n, i)
	if err != nil {
		return value{}, err
	}
	x := v.node
	t, ok := perChannel(t, x)
	if !ok {
		return value{}, errors.New("it adds a constant that has not one value for each channel")
	}
	if linear, ok := x.op.(op.Linear); ok && !linear.Bias {
		weights := append(slices.Clone(x.weights), weight{"bias", reshaped(*t, linear.Out)})
		biased, err := r.weighted(n, op.Linear{Out: linear.Out, Bias: true}, weights, x.in[0])
		if err == nil {
			biased.node.path = x.path
			if path, ok := pathOfWeight(weights[1]); ok && !named(x) {
				biased.node.path = path
			}
		}
		return biased, err
	}
	if x.factor == nil {
		return value{}, errors.New("it adds a constant; a bias of conv and linear, or a shift behind a factor for each channel, can be said")
	}
	return r.weighted(n, op.Scale{}, []weight{{"weight", *x.factor}, {"bias", *t}}, x.in[0])
}

// named says whether a node's path comes from its weight.
func named(n *node) bool {
	_, ok := pathOfWeight(n.weights[0])
	return ok
}

// product is a multiplication, the second half of silu and hardswish, or the
// factor of a scale.
func (r *reader) product(n *format.Node) (value, error) {
	if len(n.Inputs) != 2 {
		return value{}, fmt.Errorf("it multiplies %d values; two can be said", len(n.Inputs))
	}
	for i := range 2 {
		t := r.values[n.Inputs[1-i]].constant
		if t == nil {
			continue
		}
		x, err := r.image(n, i)
		if err != nil {
			return value{}, err
		}
		t, ok := perChannel(t, x)
		if !ok {
			return value{}, errors.New("it multiplies by a constant that has not one value for each channel")
		}
		half := &node{op: op.Scale{}, in: []*node{x}, shape: x.shape, source: sourceOf(n)}
		half.factor = t
		return value{node: half}, nil
	}
	a, err := r.image(n, 0)
	if err != nil {
		return value{}, err
	}
	b, err := r.image(n, 1)
	if err != nil {
		return value{}, err
	}
	if err := r.alike(n); err != nil {
		return value{}, err
	}
	for i, s := range []*node{b, a} {
		x := []*node{a, b}[i]
		if len(s.in) != 1 || s.in[0] != x {
			continue
		}
		if s.hard {
			return made(r.apply(n, op.Activate{Function: op.HardSwish}, x))
		}
		if act, ok := s.op.(op.Activate); ok && act.Function == op.Sigmoid && !s.half() {
			return made(r.apply(n, op.Activate{Function: op.SiLU}, x))
		}
	}
	if a.shape.C == b.shape.C && pixels(a) == 1 && pixels(b) != 1 {
		a, b = b, a
	}
	v, err := made(r.apply(n, op.Mul{}, a, b))
	v.flat = r.values[n.Inputs[0]].flat
	return v, err
}

// concat puts channels behind channels, or computed sizes behind each other.
func (r *reader) concat(n *format.Node) (value, error) {
	var sizes []int64
	computed := false
	for i, name := range n.Inputs {
		v := r.values[name]
		computed = computed || v.sizes != nil
		if v.node == nil {
			more, err := r.integers(n, "", i)
			if err != nil {
				return value{}, err
			}
			sizes = append(sizes, more...)
		}
	}
	if computed {
		return value{sizes: sizes}, nil
	}
	if axis := integer(n, "axis", 1); axis != 1 && axis != -3 || len(n.Inputs) < 2 {
		return value{}, errors.New("it joins along another axis than the channels")
	}
	if err := r.alike(n); err != nil {
		return value{}, err
	}
	x, err := r.image(n, 0)
	for i := 1; i < len(n.Inputs) && err == nil; i++ {
		var next *node
		if next, err = r.image(n, i); err == nil {
			x, err = r.apply(n, op.Concat{}, x, next)
		}
	}
	return made(x, err)
}
