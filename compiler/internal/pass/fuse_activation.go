package pass

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
)

// fuseActivation applies an activation in the kernel that makes the value it
// alone reads:
//
//	relu(conv(x) + y)  →  conv(x) + y, relu
func fuseActivation(g *ir.Graph) {
	for i := 0; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		act, ok := n.Op.(op.Activate)
		if !ok {
			continue
		}
		into := n.Args[0]
		if !activates(into) || !soleReader(g, into, n) {
			continue
		}
		into.Activation = act.Function
		absorb(into, n)
		remove(g, n, into)
		i--
	}
}

// activates says whether a node's kernel can apply an activation.
func activates(n *ir.Node) bool {
	if n.Activation != op.None {
		return false
	}
	switch n.Op.(type) {
	case op.Conv, op.Linear, op.BatchNorm, op.Scale, op.Add, op.Mul, op.Pool:
		return true
	}
	return false
}
