package ir

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes the graph as text, a node a line: what it computes, its shape,
// its weights and where it was written.
func (g *Graph) Print(w io.Writer) error {
	fmt.Fprintf(w, "graph %s\n", g.Name)
	number := map[*Node]int{}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i, n := range g.Nodes {
		number[n] = i
		var args []string
		for _, a := range n.Args {
			args = append(args, fmt.Sprintf("%%%d", number[a]))
		}
		fmt.Fprintf(t, "  %%%d = %s\t%s\t%s\t%s\n", i, join(n.Op.Name(), strings.Join(args, " "), braced(n.Op.String()), n.fused(number)), n.Shape, n.Path, n.place())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, o := range g.Outputs {
		fmt.Fprintf(w, "  output %s = %%%d\n", o.Name, number[o.Node])
	}
	return nil
}

// fused says what passes have folded in.
func (n *Node) fused(number map[*Node]int) string {
	var parts []string
	for _, m := range n.Norms {
		parts = append(parts, "norm="+m.Path)
	}
	if n.Residual != nil {
		parts = append(parts, fmt.Sprintf("add=%%%d", number[n.Residual]))
	}
	if n.Activation != "" {
		parts = append(parts, string(n.Activation))
	}
	return strings.Join(parts, " ")
}

// place is file and line of the step.
func (n *Node) place() string {
	if !n.Source.IsValid() {
		return ""
	}
	return fmt.Sprintf("%s:%d", n.Source.Source.Name, n.Source.Position().Line)
}

func braced(s string) string {
	if s == "" {
		return ""
	}
	return "{" + s + "}"
}

func join(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}
