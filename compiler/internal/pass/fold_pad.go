package pass

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
)

// foldPad moves zeros around an image into the padding of the convolution that
// alone reads them:
//
//	conv(zeropad(x, p), q)  →  conv(x, p + q)
func foldPad(g *ir.Graph) {
	for i := 0; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		conv, ok := n.Op.(op.Conv)
		if !ok {
			continue
		}
		pad, ok := n.Args[0].Op.(op.ZeroPad)
		if !ok || !soleReader(g, n.Args[0], n) {
			continue
		}
		for side := range conv.Pad {
			conv.Pad[side] += pad.Pad[side]
		}
		padded := n.Args[0]
		n.Op = conv
		absorb(n, padded)
		remove(g, padded, padded.Args[0])
		i--
	}
}
