// Package op is the operators of the language, one a file: how its arguments
// read, its shape rule, its weights and its cost. The table at the end of this
// file lists them; the checker, the reports and the reference documentation
// read nothing else.
package op

import (
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// Op is an operator with its attributes. Operators are immutable values.
type Op interface {
	// Name is the operator's word in reports and in the text of the graph.
	Name() string
	// Infer is the shape rule. Its error is an *Error.
	Infer(in []shape.Shape) (shape.Shape, error)
	// Weights lists what the operator reads, by names relative to its step.
	Weights(in []shape.Shape) []Weight
	// MACs is the multiply-adds of one image, at the largest size: those of
	// convolutions and linear layers, as the literature counts them.
	MACs(in []shape.Shape, out shape.Shape) int64
	// String is the attributes, as the graph's text shows them.
	String() string
}

// Weight is one entry of the state dictionary.
type Weight struct {
	Name      string // relative to the step: "weight", "running_mean"
	Shape     []int
	Trainable bool // counted as a parameter
}

// Elements is the number of values in the weight.
func (w Weight) Elements() int64 {
	n := int64(1)
	for _, d := range w.Shape {
		n *= int64(d)
	}
	return n
}

// Params counts the trainable values among weights.
func Params(weights []Weight) int64 {
	var n int64
	for _, w := range weights {
		if w.Trainable {
			n += w.Elements()
		}
	}
	return n
}

// Error is a rule that arguments or shapes break. The checker adds the place.
type Error struct {
	Code    dsl.Code
	Message string
	Hint    string
	Edit    string    // replaces the text of At, when the hint is an edit
	At      *dsl.Span // the argument at fault; nil is the whole step
}

func (e *Error) Error() string { return e.Message }

// Def is an operator's face in the language.
type Def struct {
	Word     string   // as a step begins: "conv"
	Args     string   // its arguments, for people: "KERNEL, CHANNELS [, /STRIDE]"
	Summary  string   // one sentence
	Example  string   // one step
	Flags    []string // words that stand alone: "bias"
	Options  []string // words that a value follows: "pad"
	Build    func(a *Args) (Op, error)
	Weighted bool // has weights, and so needs a name
}

// Operators is every operator that a step can name, in the order of the
// reference.
var Operators = []*Def{
	convDef, linearDef, batchNormDef, scaleDef,
	reluDef, relu6Def, siluDef, hardswishDef, sigmoidDef,
	maxPoolDef, avgPoolDef, zeroPadDef, padDef, subsampleDef,
}

// Lookup finds an operator by its word.
func Lookup(word string) (*Def, bool) {
	for _, d := range Operators {
		if d.Word == word {
			return d, true
		}
	}
	return nil, false
}

// weightless is embedded by operators without weights.
type weightless struct{}

func (weightless) Weights([]shape.Shape) []Weight { return nil }

// costless is embedded by operators whose multiply-adds nobody counts.
type costless struct{}

func (costless) MACs([]shape.Shape, shape.Shape) int64 { return 0 }
