package onnx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/internal/escape"
	format "github.com/resc-lang/resc/internal/onnx"
)

// net is an imported network in the language's operators.
type net struct {
	input   *node
	nodes   []*node // in topological order, without the input
	outputs []output
}

// output is a value that the model gives to its caller.
type output struct {
	name string
	node *node
}

// node is one operator and its value.
type node struct {
	op      op.Op
	in      []*node
	shape   shape.Shape
	path    string // of its weights; of a node without, where its name says so
	weights []weight
	source  string // the ONNX node, for messages
	region  *region
	readers int
	alone   bool // in no labelled group

	absorbed // what a later node makes an operator of
}

// absorbed is half of an operator that takes two ONNX nodes to say.
type absorbed struct {
	factor *format.Tensor // of a scale whose shift follows
	slice  int            // step along the rows, of a subsampling whose columns follow
	hard   bool           // a hard sigmoid, of a hardswish
}

// half says whether the node is only half of an operator.
func (n *node) half() bool { return n.factor != nil || n.slice > 0 || n.hard }

// weight is an entry of the state dictionary, below the node's path.
type weight struct {
	entry  string
	tensor format.Tensor
}

// isJoin says whether a node combines two values.
func isJoin(n *node) bool {
	switch n.op.(type) {
	case op.Add, op.Mul, op.Concat:
		return true
	}
	return false
}

// refusal is a node that the language cannot say.
type refusal struct{ node, reason string }

// Refused is the error of a model with nodes that cannot be said in the language.
type Refused struct{ list []refusal }

func (r *Refused) Error() string { return strings.Join(r.Lines(), "\n") }

// Lines returns the lines of the error's text.
func (r *Refused) Lines() []string {
	const most = 12
	text := []string{fmt.Sprintf("%d of its nodes cannot be said in a .res file:", len(r.list))}
	for i, x := range r.list {
		if i == most {
			return append(text, fmt.Sprintf("  and %d more", len(r.list)-most))
		}
		text = append(text, "  "+escape.Line(x.node+": "+x.reason))
	}
	return text
}

// prune keeps what the outputs depend on, in topological order: the main side of
// a join before its other side. It counts readers.
func (g *net) prune() error {
	g.nodes = nil
	state := map[*node]int{} // 1 while its arguments are visited, 2 when done
	var visit func(n *node) error
	visit = func(n *node) error {
		switch state[n] {
		case 1:
			return fmt.Errorf("node %s depends on itself", n.source)
		case 2:
			return nil
		}
		state[n] = 1
		n.readers = 0
		for _, a := range n.in {
			if err := visit(a); err != nil {
				return err
			}
		}
		state[n] = 2
		if n != g.input {
			g.nodes = append(g.nodes, n)
		}
		return nil
	}
	if err := visit(g.input); err != nil {
		return err
	}
	for _, o := range g.outputs {
		if err := visit(o.node); err != nil {
			return err
		}
	}
	for _, n := range g.nodes {
		for _, a := range n.in {
			a.readers++
		}
	}
	return nil
}

// isOutput says whether a node is one of the network's outputs.
func (g *net) isOutput(n *node) bool {
	return slices.ContainsFunc(g.outputs, func(o output) bool { return o.node == n })
}

// matcher compares an imported network with a compiled graph. Values that are
// known to be the same stand in of; name, unless it is nil, is a compiled layer's
// path, which must be the imported one's.
type matcher struct {
	of     map[*node]*ir.Node
	name   func(*ir.Node) string
	differ map[pairing]bool
}

// pairing is two values that were compared.
type pairing struct {
	imported *node
	compiled *ir.Node
}

// newMatcher compares networks of one input each.
func newMatcher(input *node, compiled *ir.Node, name func(*ir.Node) string) *matcher {
	return &matcher{map[*node]*ir.Node{input: compiled}, name, map[pairing]bool{}}
}

// match says whether a compiled value is computed as an imported one is: by the
// same operators of the same values. Both sides of a sum may be exchanged, and a
// subsampling of stride 1, which option A has where only channels differ, is
// nothing.
func (m *matcher) match(a *node, b *ir.Node) bool {
	for b.Op == (op.Subsample{Stride: 1}) {
		b = b.Args[0]
	}
	if known, ok := m.of[a]; ok {
		return known == b
	}
	if m.differ[pairing{a, b}] {
		return false // found once, or the sides of many sums would be tried again and again
	}
	if !m.alike(a, b) {
		m.differ[pairing{a, b}] = true
		return false
	}
	m.of[a] = b
	return true
}

// alike is match for values that were not compared yet.
func (m *matcher) alike(a *node, b *ir.Node) bool {
	if a.op == nil || a.op != b.Op || len(a.in) != len(b.Args) {
		return false
	}
	if m.name != nil && len(a.weights) > 0 && a.path != m.name(b) {
		return false
	}
	all := func(args ...*ir.Node) bool {
		for i, x := range a.in {
			if !m.match(x, args[i]) {
				return false
			}
		}
		return true
	}
	if all(b.Args...) {
		return true
	}
	_, sum := a.op.(op.Add)
	return sum && all(b.Args[1], b.Args[0])
}
