package op

import "github.com/resc-lang/resc/compiler/internal/shape"

// Activation is a function of each value by itself. Its text is its word in the
// language.
type Activation string

// The activations. None stands for the identity where a kernel could apply one.
const (
	None      Activation = ""
	ReLU      Activation = "relu"
	ReLU6     Activation = "relu6"
	SiLU      Activation = "silu"
	HardSwish Activation = "hardswish"
	Sigmoid   Activation = "sigmoid"
)

var (
	reluDef      = activationDef(ReLU, "max(x, 0).")
	relu6Def     = activationDef(ReLU6, "min(max(x, 0), 6).")
	siluDef      = activationDef(SiLU, "x·sigmoid(x), also called swish.")
	hardswishDef = activationDef(HardSwish, "x·min(max(x + 3, 0), 6)/6.")
	sigmoidDef   = activationDef(Sigmoid, "1/(1 + exp(-x)).")
)

func activationDef(a Activation, summary string) *Def {
	return &Def{
		Word:    string(a),
		Summary: summary,
		Example: string(a),
		Build:   func(*Args) (Op, error) { return Activate{Function: a}, nil },
	}
}

// Activate applies an activation.
type Activate struct {
	weightless
	costless
	Function Activation
}

// Name is the activation's word.
func (a Activate) Name() string { return string(a.Function) }

// Infer keeps the shape.
func (Activate) Infer(in []shape.Shape) (shape.Shape, error) { return in[0], nil }

func (Activate) String() string { return "" }
