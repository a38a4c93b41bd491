package pass

import (
	"slices"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
)

// fuseAdd gives a sum to the convolution or product that makes one side of it
// and that nothing else reads:
//
//	add(conv(x), y)  →  conv(x) + y
//
// Where both sides could, the main path takes the shortcut's projection, and runs
// where the sum was, when both values are there.
func fuseAdd(g *ir.Graph) {
	for i := 0; i < len(g.Nodes); i++ {
		sum := g.Nodes[i]
		if _, ok := sum.Op.(op.Add); !ok || sum.Args[0] == sum.Args[1] {
			continue
		}
		into, other := sum.Args[0], sum.Args[1]
		first, second := takesResidual(g, into, sum), takesResidual(g, other, sum)
		switch {
		case !first && !second:
			continue
		case !first, second && prefers(into, other):
			into, other = other, into
		}
		into.Residual = other
		absorb(into, sum)
		at := slices.Index(g.Nodes, sum)
		// The kernel runs where the sum was, when both sides are there.
		g.Nodes[at] = into
		g.Nodes = slices.Delete(g.Nodes, slices.Index(g.Nodes, into), slices.Index(g.Nodes, into)+1)
		g.Replace(sum, into)
		i--
	}
}

// prefers says whether b rather than a takes the sum, when both could: the one
// outside a shortcut's policy does.
func prefers(a, b *ir.Node) bool {
	return a.Scope.Kind == ir.PolicyScope && b.Scope.Kind != ir.PolicyScope
}

// takesResidual says whether a node's kernel can add another value for it.
func takesResidual(g *ir.Graph, n, sum *ir.Node) bool {
	switch n.Op.(type) {
	case op.Conv, op.Mul:
	default:
		return false
	}
	return n.Residual == nil && n.Activation == op.None && soleReader(g, n, sum)
}
