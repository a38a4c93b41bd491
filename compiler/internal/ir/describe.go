package ir

import "strings"

// Describe says what a node computes with all that is folded into it: "conv 3x3
// 64 pad 1, layer1.0.bn1, plus the shortcut, relu".
func Describe(n *Node) string {
	parts := []string{strings.TrimSpace(n.Op.Name() + " " + n.Op.String())}
	for _, m := range n.Norms {
		parts = append(parts, m.Path)
	}
	if n.Residual != nil {
		parts = append(parts, "plus the shortcut")
	}
	if n.Activation != "" {
		parts = append(parts, string(n.Activation))
	}
	return strings.Join(parts, ", ")
}
