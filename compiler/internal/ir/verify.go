package ir

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
)

// Verify checks what every pass may rely on and must keep: the input comes
// first and alone, nodes stand behind what they read, each is there once, shapes
// follow from the operators, and outputs exist.
func Verify(g *Graph) error {
	seen := map[*Node]bool{}
	for i, n := range g.Nodes {
		if seen[n] {
			return fmt.Errorf("%s is in the graph twice", n.Path)
		}
		if _, input := n.Op.(op.Input); input != (i == 0) {
			return fmt.Errorf("node %d is %s: the input comes first and alone", i, n.Op.Name())
		}
		for _, a := range n.Inputs() {
			if !seen[a] {
				return fmt.Errorf("%s reads %s, which is not before it", n.Path, a.Path)
			}
		}
		s, err := n.Op.Infer(n.ArgShapes())
		if err != nil {
			return fmt.Errorf("%s: %w", n.Path, err)
		}
		if !same(s, n.Shape) {
			return fmt.Errorf("%s has shape %s, but its operator makes %s", n.Path, n.Shape, s)
		}
		if n.Residual != nil && !same(n.Residual.Shape, n.Shape) {
			return fmt.Errorf("%s has shape %s, but its residual %s", n.Path, n.Shape, n.Residual.Shape)
		}
		seen[n] = true
	}
	for _, o := range g.Outputs {
		if !seen[o.Node] {
			return fmt.Errorf("output %s is not in the graph", o.Name)
		}
	}
	return nil
}

func same(a, b shape.Shape) bool {
	equal, _ := shape.SameSize(a, b)
	return equal && a.C == b.C
}
