package compiler

import (
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
)

// Value is a value inside a network that has a name.
type Value struct {
	Name   string
	Shape  []int  // of one image, the largest where it varies: [C,H,W], or [C] for a vector
	Op     string // of the step that makes it: "conv 3x3 64 pad 1"
	Source string // file and line of that step
	// Fused says that the fused network holds the value as it is. Others are taken
	// into the kernel of the value behind them.
	Fused bool
	// Product is the name of the product that this value is the factor of, or "": a
	// module for squeeze and excitation returns the product, under the name that the
	// factor has here.
	Product string
	// Norm is the name of the batch norm that reads this value, or "": exporters fold
	// it into the convolution, whose name then is that of the normalised value.
	Norm string

	step int
}

// Values lists the named values that the outputs need, in the order in which they
// are made. A value may have several names: the path of its step, and those of a
// group, block or stage that ends there.
func (p *Program) Values() []Value {
	nodes := map[int]*ir.Node{}
	for _, n := range p.written.Nodes {
		nodes[n.ID] = n
	}
	fused := map[int]bool{}
	for _, n := range p.fused.Nodes {
		fused[made(n)] = true
	}
	products, norms := map[int]string{}, map[int]string{}
	for _, n := range p.written.Nodes {
		switch n.Op.(type) {
		case op.Mul:
			products[n.Args[1].ID] = n.Path
		case op.BatchNorm, op.Scale:
			norms[n.Args[0].ID] = n.Path
		}
	}
	var values []Value
	for _, x := range p.model.Values {
		n := nodes[x.Node.ID]
		if n == nil || n.ID == 0 {
			continue
		}
		v := Value{Name: x.Name, Op: strings.TrimSpace(n.Op.Name() + " " + n.Op.String()), Source: n.Source.String(), Fused: fused[n.ID], step: n.ID}
		v.Product, v.Norm = products[n.ID], norms[n.ID]
		v.Shape = x.Node.Shape.Dims()
		values = append(values, v)
	}
	return values
}

// Same says whether two names mean one value.
func (v Value) Same(w Value) bool { return v.step == w.step }

// made is the step whose value a node of the fused graph has: the last of those
// that it stands for. Of steps that compute the same any will do.
func made(n *ir.Node) int {
	last := n.ID
	for _, a := range n.Absorbed {
		last = max(last, a.ID)
	}
	return last
}

// prefixes is the shortest list of beginnings that all idle weights have and none
// that is read: "fc." or "layer4.".
func prefixes(idle, read []Weight) []string {
	var list []string
	for _, w := range idle {
		if slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(w.Name, p) }) {
			continue
		}
		end := 0
		for {
			dot := strings.IndexByte(w.Name[end:], '.')
			if dot < 0 {
				end = len(w.Name)
				break
			}
			end += dot + 1
			if !slices.ContainsFunc(read, func(r Weight) bool { return strings.HasPrefix(r.Name, w.Name[:end]) }) {
				break
			}
		}
		list = append(list, w.Name[:end])
	}
	return list
}

// NamedOutputs lists the outputs in order: the name of each, and one of the names
// of its value. An output that is the input itself has no other.
func (p *Program) NamedOutputs() []Output {
	var outputs []Output
	for _, o := range p.model.Graph.Outputs {
		x := Output{Name: o.Name}
		for _, v := range p.model.Values {
			if v.Node == o.Node {
				x.Value = v.Name
				break
			}
		}
		outputs = append(outputs, x)
	}
	return outputs
}
