package pass

import (
	"slices"

	"github.com/resc-lang/resc/compiler/internal/ir"
)

// Dead removes nodes that no output depends on, and returns them. The input stays.
func Dead(g *ir.Graph) (removed []*ir.Node) {
	live := map[*ir.Node]bool{g.Nodes[0]: true}
	var mark func(*ir.Node)
	mark = func(n *ir.Node) {
		if !live[n] {
			live[n] = true
			for _, a := range n.Inputs() {
				mark(a)
			}
		}
	}
	for _, o := range g.Outputs {
		mark(o.Node)
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *ir.Node) bool {
		if !live[n] {
			removed = append(removed, n)
		}
		return !live[n]
	})
	return removed
}

func dead(g *ir.Graph) { Dead(g) }

// remove takes a node out of the graph; its readers read by instead.
func remove(g *ir.Graph, n, by *ir.Node) {
	g.Replace(n, by)
	g.Nodes = slices.DeleteFunc(g.Nodes, func(m *ir.Node) bool { return m == n })
}

// absorb records that a node now stands for another too, and for what that one
// stood for.
func absorb(into, n *ir.Node) {
	into.Absorbed = append(append(into.Absorbed, n), n.Absorbed...)
}

// soleReader says whether n is read once, by reader, and is no output.
func soleReader(g *ir.Graph, n, reader *ir.Node) bool {
	if g.IsOutput(n) {
		return false
	}
	reads := 0
	for _, m := range g.Nodes {
		for _, a := range m.Inputs() {
			if a == n {
				reads++
				if m != reader {
					return false
				}
			}
		}
	}
	return reads == 1
}
