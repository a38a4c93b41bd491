// Package lower makes the graph of a checked model: a node for each step.
package lower

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/typed"
)

// Lower returns the graph of a model as it was written.
func Lower(m *typed.Model) *ir.Graph {
	g := &ir.Graph{Name: m.Name}
	of := map[*typed.Value]*ir.Node{}
	root := &ir.Scope{Kind: ir.ModelScope, Decl: m.Name, Doc: m.Doc, Span: m.Decl.Span}
	if len(m.Steps) > 0 {
		for root = m.Steps[0].Scope; root.Parent != nil; root = root.Parent {
		}
	}
	add := func(n *ir.Node, v *typed.Value) {
		n.ID = len(g.Nodes)
		g.Nodes = append(g.Nodes, n)
		of[v] = n
	}
	add(&ir.Node{Op: op.Input{Shape: m.Input.Shape}, Shape: m.Input.Shape, Path: m.InputName, Scope: root, Source: m.Input.Span}, m.Input)
	for _, s := range m.Steps {
		n := &ir.Node{Op: s.Op, Shape: s.Out.Shape, Path: s.Path, Scope: s.Scope, Source: s.Span}
		for _, v := range s.In {
			n.Args = append(n.Args, of[v])
		}
		add(n, s.Out)
	}
	for _, o := range m.Outputs {
		g.Outputs = append(g.Outputs, ir.Output{Name: o.Name, Node: of[o.Value]})
	}
	return g
}
