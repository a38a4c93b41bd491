// Package check proves a model: it resolves names, evaluates parameters,
// instantiates stages, blocks and shortcut policies, computes the shape of every value
// for every size of input that the model declares, and builds its graph.
package check

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/dsl"
)

// Options say how a model is to be checked.
type Options struct {
	Loader Loader
	Set    map[string]string // parameters that override the model's defaults
	Shape  []int             // C, H, W, or N, C, H, W; nil is as declared
	// Outputs replaces the model's outputs; nil leaves them as declared.
	Outputs []Output
	// Library accepts a file that declares blocks or policies but no model.
	Library bool
}

// Output asks for a value, by its name in the network, as an output.
type Output struct{ Name, Value string }

// checker is the state of one check.
type checker struct {
	ds        *dsl.Diagnostics
	graph     *ir.Graph    // so far
	values    []namedValue // those with names, so far
	reported  map[place]bool
	instances int // of blocks, so far
}

// place is where an error was reported.
type place struct {
	code dsl.Code
	span dsl.Span
}

// Check proves the model of a file. The model is complete when the diagnostics
// hold no error.
func Check(src *dsl.Source, opts Options) (*Model, dsl.Diagnostics) {
	var ds dsl.Diagnostics
	std := newFileScope(nil)
	im := &importer{loader: opts.Loader, ds: &ds, std: nil, read: map[string]*fileScope{}}
	for _, file := range opts.Loader.Std() {
		if file.Source.Name == src.Name {
			continue
		}
		own := im.declare(file)
		for name, b := range own.blocks {
			std.blocks[name] = b
			b.scope = std
		}
		for _, p := range own.order {
			std.policies[p.Name.Text] = p
			std.order = append(std.order, p)
			p.scope = std
		}
	}
	im.std = std
	file, parsed := dsl.Parse(src)
	ds = append(ds, parsed...)
	scope := im.declare(file)
	if len(scope.models) == 0 {
		if !ds.HasErrors() && !(opts.Library && len(file.Decls) > 0) {
			ds.Errorf(NoModel, dsl.Span{Source: src}, "%s declares no model", src.Name).
				Hintf(nil, "a file of blocks and policies is for import; a model begins with model NAME { input … }")
		}
		ds.Sort()
		return nil, ds
	}
	m := scope.models[0]
	for _, other := range scope.models[1:] {
		ds.Errorf(Duplicate, other.Name.Span, "a file declares one model, and this is the second").Note(m.Name.Span, "first here")
	}
	c := &checker{ds: &ds, graph: &ir.Graph{Name: m.Name.Text}, reported: map[place]bool{}}
	t := c.model(m, scope, opts)
	t.Values = c.named()
	ds.Sort()
	return t, ds
}
