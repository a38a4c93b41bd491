package op

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/shape"
)

// Input is where the caller's image comes in.
type Input struct {
	weightless
	costless
	Shape shape.Shape
}

// Name is "input".
func (Input) Name() string { return "input" }

// Infer is the declared shape.
func (i Input) Infer([]shape.Shape) (shape.Shape, error) { return i.Shape, nil }

func (Input) String() string { return "" }

// Add is the sum of two values of one shape.
type Add struct {
	weightless
	costless
}

// Name is "add".
func (Add) Name() string { return "add" }

// Infer needs equal shapes.
func (Add) Infer(in []shape.Shape) (shape.Shape, error) {
	return in[0], match("add", in[0], in[1])
}

func (Add) String() string { return "" }

// match says why two shapes cannot be combined value by value.
func match(verb string, a, b shape.Shape) error {
	same, failing := shape.SameSize(a, b)
	if a.C == b.C && same {
		return nil
	}
	e := errorf(ShapeMismatch, nil, "cannot %s %s and %s", verb, a, b)
	if failing != "" && a.C == b.C {
		e.Message += " for an input of " + failing
	}
	return e
}

// Mul is the product of two values: of one shape, or of an image with one
// factor for each channel.
type Mul struct {
	weightless
	costless
}

// Name is "mul".
func (Mul) Name() string { return "mul" }

// Infer broadcasts the second value when it has one pixel.
func (Mul) Infer(in []shape.Shape) (shape.Shape, error) {
	if in[1].C == in[0].C && in[1].H.IsConst() && in[1].W.IsConst() && in[1].H.Max() == 1 && in[1].W.Max() == 1 {
		return in[0], nil
	}
	return in[0], match("multiply", in[0], in[1])
}

func (Mul) String() string { return "" }

// Concat puts the channels of one value behind those of another.
type Concat struct {
	weightless
	costless
}

// Name is "concat".
func (Concat) Name() string { return "concat" }

// Infer needs equal heights and widths.
func (Concat) Infer(in []shape.Shape) (shape.Shape, error) {
	out := in[0]
	out.C = 0
	for _, s := range in {
		if same, failing := shape.SameSize(in[0], s); !same {
			e := errorf(ShapeMismatch, nil, "cannot concatenate %s and %s", in[0], s)
			if failing != "" {
				e.Message += fmt.Sprintf(" for an input of %s", failing)
			}
			return shape.Shape{}, e
		}
		out.C += s.C
	}
	out.Flat = false
	return bounded(out)
}

func (Concat) String() string { return "" }
