// Package ir is the graph of a network: nodes in topological order, each an
// operator applied to earlier nodes.
//
// Checking a model builds its graph, a node for each step as it was written; passes
// then fold nodes into one another until each stands for
// one call of a kernel.
package ir

import (
	"slices"

	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// Graph is a network. Nodes[0] is its input.
type Graph struct {
	Name    string
	Nodes   []*Node
	Outputs []Output
}

// Output is a value that the network gives to its caller.
type Output struct {
	Name string
	Node *Node
}

// Node is one value and the operator that makes it.
type Node struct {
	ID     int
	Op     op.Op
	Args   []*Node
	Shape  shape.Shape
	Path   string   // of its weights: "layer2.0.conv2"; for operators without, a description
	Scope  *Scope   // where it was written
	Source dsl.Span // the step

	// What passes have folded in, applied in this order.
	Norms      []Norm
	Residual   *Node // a value of the node's shape that is added, or nil
	Activation op.Activation

	// Absorbed are the nodes as written that this one stands for besides
	// itself.
	Absorbed []*Node
}

// Norm is a batch normalisation, or a scale, folded into a node.
type Norm struct {
	Path    string
	Epsilon float64
	Scale   bool // weight and bias alone, no statistics
}

// ScopeKind says what a scope is.
type ScopeKind int

// The kinds of scope.
const (
	ModelScope ScopeKind = iota
	StageScope
	BlockScope
	PolicyScope
	GroupScope
)

// Scope is where steps were written, and the instance they were written for: a
// model, a stage in it, a block in that.
type Scope struct {
	Parent *Scope
	Kind   ScopeKind
	Path   string   // prefix of weights: "layer2.0"
	Decl   string   // name of the block or policy
	Index  int      // number of a block in its stage
	Span   dsl.Span // the statement that made it
	Doc    string   // documentation of the declaration
}

// Input is the node of the image.
func (g *Graph) Input() *Node { return g.Nodes[0] }

// Append adds a node and numbers it.
func (g *Graph) Append(n *Node) {
	n.ID = len(g.Nodes)
	g.Nodes = append(g.Nodes, n)
}

// Inputs are all the values that a node reads: its arguments and its residual.
func (n *Node) Inputs() []*Node {
	if n.Residual == nil {
		return n.Args
	}
	return append(slices.Clip(n.Args), n.Residual)
}

// ArgShapes are the shapes of a node's arguments.
func (n *Node) ArgShapes() []shape.Shape {
	in := make([]shape.Shape, len(n.Args))
	for i, a := range n.Args {
		in[i] = a.Shape
	}
	return in
}

// Uses maps each node to those that read it, once for each time they do.
func (g *Graph) Uses() map[*Node][]*Node {
	uses := map[*Node][]*Node{}
	for _, n := range g.Nodes {
		for _, a := range n.Inputs() {
			uses[a] = append(uses[a], n)
		}
	}
	return uses
}

// IsOutput says whether a node is one of the graph's outputs.
func (g *Graph) IsOutput(n *Node) bool {
	return slices.ContainsFunc(g.Outputs, func(o Output) bool { return o.Node == n })
}

// Replace makes every reader of old read new instead.
func (g *Graph) Replace(old, new *Node) {
	for _, n := range g.Nodes {
		for i, a := range n.Args {
			if a == old {
				n.Args[i] = new
			}
		}
		if n.Residual == old {
			n.Residual = new
		}
	}
	for i := range g.Outputs {
		if g.Outputs[i].Node == old {
			g.Outputs[i].Node = new
		}
	}
}

// Clone copies the graph, so that passes on the copy leave this one as it is.
func (g *Graph) Clone() *Graph {
	c := &Graph{Name: g.Name}
	of := map[*Node]*Node{nil: nil}
	for _, n := range g.Nodes {
		m := *n
		m.Args = nil
		for _, a := range n.Args {
			m.Args = append(m.Args, of[a])
		}
		m.Residual = of[n.Residual]
		m.Norms, m.Absorbed = slices.Clone(n.Norms), slices.Clone(n.Absorbed)
		of[n] = &m
		c.Nodes = append(c.Nodes, &m)
	}
	for _, o := range g.Outputs {
		c.Outputs = append(c.Outputs, Output{o.Name, of[o.Node]})
	}
	return c
}

// Weights lists what a node reads from the state dictionary, by full names,
// with what was folded in.
func (n *Node) Weights() []op.Weight {
	var ws []op.Weight
	for _, w := range n.Op.Weights(n.ArgShapes()) {
		w.Name = n.Path + "." + w.Name
		ws = append(ws, w)
	}
	for _, m := range n.Norms {
		var o op.Op = op.BatchNorm{Epsilon: m.Epsilon}
		if m.Scale {
			o = op.Scale{}
		}
		for _, w := range o.Weights([]shape.Shape{n.Shape}) {
			w.Name = m.Path + "." + w.Name
			ws = append(ws, w)
		}
	}
	return ws
}

// Params counts a node's trainable weights.
func (n *Node) Params() int64 { return op.Params(n.Weights()) }

// MACs counts a node's multiply-adds.
func (n *Node) MACs() int64 { return n.Op.MACs(n.ArgShapes(), n.Shape) }
