package pass

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
)

// widen makes one node of subsampling and channel padding, the two steps of
// option A, where nothing else reads the value between:
//
//	pad(subsample(x))  →  subsample and pad(x)
func widen(g *ir.Graph) {
	for i := 0; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		pad, ok := n.Op.(op.PadChannels)
		if !ok {
			continue
		}
		sub, ok := n.Args[0].Op.(op.Subsample)
		if !ok || !soleReader(g, n.Args[0], n) {
			continue
		}
		subsampled := n.Args[0]
		pad.Stride = sub.Stride
		n.Op = pad
		absorb(n, subsampled)
		remove(g, subsampled, subsampled.Args[0])
		i--
	}
}
