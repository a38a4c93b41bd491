package pass

import (
	"slices"

	"github.com/resc-lang/resc/compiler/internal/ir"
)

// share makes nodes without weights that compute the same of the same into one:
//
//	relu(x), relu(x)  →  y = relu(x), y
func share(g *ir.Graph) {
	for i := 1; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		if len(n.Op.Weights(n.ArgShapes())) > 0 {
			continue
		}
		first := slices.IndexFunc(g.Nodes[1:i], func(m *ir.Node) bool {
			return m.Op == n.Op && slices.Equal(m.Args, n.Args)
		})
		if first >= 0 {
			first := g.Nodes[first+1]
			absorb(first, n)
			remove(g, n, first)
			i--
		}
	}
}
