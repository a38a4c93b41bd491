// Package typed is a checked model: every block, stage and policy instantiated,
// every argument evaluated, every shape proved.
package typed

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// Model is a model under its parameters.
type Model struct {
	Name   string
	Doc    string
	Source *dsl.Source
	Params []Param

	InputName  string
	Batch      int // of --shape; 1 otherwise
	Input      *Value
	Steps      []*Step // in the order in which they run
	Outputs    []Output
	Chosen     bool     // the outputs are the caller's choice, not the file's
	Values     []Output // every value that has a name, in the order in which they are made
	Preprocess []PreStep
	Classes    []string
	Published  []Published
	Weights    string // file that comes with these parameters, as the .res file writes it, or ""
	Decl       *dsl.Model
}

// Param is a parameter and its value as text.
type Param struct{ Name, Value string }

// Output is a value and its name: one that the caller gets, or could get.
type Output struct {
	Name  string
	Value *Value
}

// Value is what a step makes.
type Value struct {
	Shape shape.Shape
	Span  dsl.Span // the step
	Step  *Step    // nil for the input
}

// Step is one operator applied.
type Step struct {
	Op    op.Op
	In    []*Value
	Out   *Value
	Path  string
	Scope *ir.Scope
	Span  dsl.Span
}

// PreStep is a step of preprocessing: resize, crop, normalize or raw.
type PreStep struct {
	Kind         string
	Sizes        []int  // resize and crop: the shorter side, or height and width
	Filter       string // resize: the name of runtime/preprocess's constant
	Mean, StdDev []float64
}

// Published is a result that has been printed elsewhere.
type Published struct {
	Metric string
	Value  string
	Source string
}
