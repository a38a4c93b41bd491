package op

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/shape"
)

// defaultEpsilon is PyTorch's.
const defaultEpsilon = 1e-5

// BatchNorm is batch normalisation with the running statistics, a scale and a
// shift for each channel:
//
//	y = (x - running_mean) / sqrt(running_var + eps) · weight + bias
type BatchNorm struct {
	costless
	Epsilon float64
}

var batchNormDef = &Def{
	Word:     "bn",
	Args:     "[eps E]",
	Summary:  "Normalises each channel by its running mean and variance, then scales and shifts it. The epsilon is 1e-5 unless told.",
	Example:  "bn1: bn eps 1e-3",
	Options:  []string{"eps"},
	Weighted: true,
	Build: func(a *Args) (Op, error) {
		x := a.take(func(x *Arg) bool { return x.Name == "eps" })
		if x == nil {
			return BatchNorm{Epsilon: defaultEpsilon}, nil
		}
		eps := x.Decimal
		if x.Kind == IntArg {
			eps = float64(x.Int)
		} else if x.Kind != DecimalArg {
			return nil, errorf(BadArgument, x, "eps is a number such as 1e-5")
		}
		if !(eps >= 0 && eps <= 1) {
			return nil, errorf(BadArgument, x, "eps is %g, but must be between 0 and 1", eps)
		}
		return BatchNorm{Epsilon: eps}, nil
	},
}

// Name is "bn".
func (BatchNorm) Name() string { return "bn" }

// Infer keeps the shape.
func (BatchNorm) Infer(in []shape.Shape) (shape.Shape, error) { return in[0], nil }

// Weights are a scale and a shift, and the statistics, which are not trained.
func (BatchNorm) Weights(in []shape.Shape) []Weight {
	c := []int{in[0].C}
	return []Weight{{"weight", c, true}, {"bias", c, true}, {"running_mean", c, false}, {"running_var", c, false}}
}

func (b BatchNorm) String() string {
	if b.Epsilon == defaultEpsilon {
		return ""
	}
	return fmt.Sprintf("eps %g", b.Epsilon)
}

// Scale is a factor and a shift for each channel, and nothing else.
type Scale struct{ costless }

var scaleDef = &Def{
	Word:     "scale",
	Summary:  "Multiplies each channel by a weight and adds a bias.",
	Example:  "scale1: scale",
	Weighted: true,
	Build:    func(*Args) (Op, error) { return Scale{}, nil },
}

// Name is "scale".
func (Scale) Name() string { return "scale" }

// Infer keeps the shape.
func (Scale) Infer(in []shape.Shape) (shape.Shape, error) { return in[0], nil }

// Weights are the factor and the shift.
func (Scale) Weights(in []shape.Shape) []Weight {
	c := []int{in[0].C}
	return []Weight{{"weight", c, true}, {"bias", c, true}}
}

func (Scale) String() string { return "" }
