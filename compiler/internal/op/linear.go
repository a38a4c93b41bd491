package op

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/shape"
)

// Linear is a fully connected layer over the flattened image.
type Linear struct {
	Out  int
	Bias bool
}

var linearDef = &Def{
	Word:     "linear",
	Args:     "FEATURES [, no bias]",
	Summary:  "Flattens and multiplies by a matrix. It has a bias unless told.",
	Example:  "fc: linear classes",
	Flags:    []string{"bias"},
	Weighted: true,
	Build: func(a *Args) (Op, error) {
		out, err := a.positive("the number of output features")
		if err != nil {
			return nil, err
		}
		bias, err := a.flag("bias", true)
		return Linear{out, bias}, err
	},
}

// Name is "linear".
func (Linear) Name() string { return "linear" }

// Infer flattens, for which every input size must give the same number of
// values.
func (l Linear) Infer(in []shape.Shape) (shape.Shape, error) {
	if !in[0].IsConst() {
		e := errorf(LinearVaries, nil, "linear needs one size, but its input is %s over the sizes that the model accepts", in[0])
		e.Hint = "average first: avgpool -> linear"
		return shape.Shape{}, e
	}
	if in[0].Elements()*int64(l.Out) > maxElements {
		return shape.Shape{}, errorf(TooLarge, nil, "a matrix of %d by %d has more than %d values", l.Out, in[0].Elements(), maxElements)
	}
	return shape.Vector(l.Out), nil
}

// Weights are the matrix, output features first, and the bias.
func (l Linear) Weights(in []shape.Shape) []Weight {
	ws := []Weight{{"weight", []int{l.Out, int(in[0].Elements())}, true}}
	if l.Bias {
		ws = append(ws, Weight{"bias", []int{l.Out}, true})
	}
	return ws
}

// MACs is one multiply-add for each entry of the matrix.
func (l Linear) MACs(in []shape.Shape, _ shape.Shape) int64 {
	return int64(l.Out) * in[0].Elements()
}

func (l Linear) String() string {
	if l.Bias {
		return fmt.Sprintf("%d bias", l.Out)
	}
	return fmt.Sprint(l.Out)
}
