// Package compiler turns a .res file into a network that can be run, reported
// on, or printed as a Go package.
//
// The way through is one line: the parser's tree is checked, which builds a graph
// (check), fused (pass) and scheduled (plan). What follows reads the
// schedule: emit prints it as Go, exec runs it with the same kernels.
package compiler

import (
	"cmp"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/pass"
	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/dsl"
)

// Options say how a model is to be compiled.
type Options struct {
	// Set overrides parameters of the model: "depth" to "56".
	Set map[string]string
	// Shape replaces the declared input: channels, height and width, or these
	// behind the size of a batch. Nil leaves it as declared.
	Shape []int
	// Outputs replaces the model's outputs, in this order; nil leaves them as
	// declared. What none of them needs is not computed.
	Outputs []Output
	// Memory says what packed weights may cost; empty means Fast.
	Memory Memory
}

// Output asks for a value of a network as an output of that name. Values are
// called as Program.Values lists them: layer1.0.bn1, layer1.0, layer1.
type Output struct{ Name, Value string }

// Memory is a choice between speed and the memory of packed weights.
type Memory string

// The choices of Options.Memory.
const (
	Fast  = Memory(plan.Fast)  // the fastest algorithms, whose filters may be up to four times as large
	Small = Memory(plan.Small) // packed weights of about the checkpoint's size in float32, and none made of them later
)

// Program is a compiled model. It is immutable and may be used concurrently. Only Compile
// makes one: the zero Program is of no model, and its methods panic.
type Program struct {
	model    *check.Model
	written  *ir.Graph // the nodes of the model's graph that an output needs
	fused    *ir.Graph
	schedule *plan.Schedule
}

// maxArena bounds the memory of a session's activations, in bytes.
const maxArena = 1 << 34

// Compile checks a model and schedules it. The program is nil when the
// diagnostics hold an error.
func Compile(src *dsl.Source, opts Options) (*Program, dsl.Diagnostics) {
	o := check.Options{Loader: files{}, Set: opts.Set, Shape: opts.Shape}
	for _, x := range opts.Outputs {
		o.Outputs = append(o.Outputs, check.Output(x))
	}
	m, ds := check.Check(src, o)
	if ds.HasErrors() {
		return nil, ds
	}
	p := &Program{model: m, written: m.Graph.Clone()}
	idle := entries(pass.Dead(p.written))
	p.fused = p.written.Clone()
	pass.Run(p.fused, nil)
	p.schedule = plan.New(p.fused, plan.Memory(cmp.Or(opts.Memory, Fast)))
	p.schedule.Idle = prefixes(idle, p.Weights())
	if n := p.schedule.ArenaBytes(); n > maxArena {
		ds.Errorf(op.TooLarge, m.Decl.Name.Span, "the activations of model %s take %s bytes, and at most %s are possible", m.Name, Thousands(n), Thousands(maxArena))
		return nil, ds
	}
	return p, ds
}

// Check proves the shapes of a file's model, or only the syntax and names of a
// file that declares blocks and policies for others to import.
func Check(src *dsl.Source, opts Options) dsl.Diagnostics {
	_, ds := check.Check(src, check.Options{Loader: files{}, Set: opts.Set, Shape: opts.Shape, Library: true})
	return ds
}
