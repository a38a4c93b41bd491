package check

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/dsl"
)

// Model is a checked model under its parameters: every block, stage and policy
// instantiated, every argument evaluated, every shape proved.
type Model struct {
	Name   string
	Doc    string
	Source *dsl.Source
	Params []Param

	Batch      int         // of --shape; 1 otherwise
	Graph      *ir.Graph   // a node for the input and for each step, in the order in which they run
	Chosen     bool        // the outputs are the caller's choice, not the file's
	Values     []ir.Output // every value that has a name, in the order in which they are made
	Preprocess []PreStep
	Classes    []string
	Published  []Published
	Weights    string // file that comes with these parameters, as the .res file writes it, or ""
	Decl       *dsl.Model
}

// Param is a parameter and its value as text.
type Param struct{ Name, Value string }

// Published is a result that has been printed elsewhere.
type Published struct {
	Metric string
	Value  string
	Source string
}
