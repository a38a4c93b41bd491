package pass

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
)

// foldNorm folds batch normalisation into the convolution or linear layer that
// it alone reads:
//
//	bn(w·x + b)  →  (s·w)·x + (s·(b - mean) + beta),  s = gamma / sqrt(var + eps)
//
// Several in a row fold one after the other. One behind anything else, as in a
// pre-activation block, stays a node of its own.
func foldNorm(g *ir.Graph) {
	for i := 0; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		norm, ok := asNorm(n)
		if !ok {
			continue
		}
		into := n.Args[0]
		switch into.Op.(type) {
		case op.Conv, op.Linear:
		default:
			continue
		}
		if !soleReader(g, into, n) {
			continue
		}
		into.Norms = append(into.Norms, norm)
		absorb(into, n)
		remove(g, n, into)
		i--
	}
}

// asNorm is a node's normalisation, if it is one.
func asNorm(n *ir.Node) (ir.Norm, bool) {
	switch o := n.Op.(type) {
	case op.BatchNorm:
		return ir.Norm{Path: n.Path, Epsilon: o.Epsilon}, true
	case op.Scale:
		return ir.Norm{Path: n.Path, Scale: true}, true
	}
	return ir.Norm{}, false
}
