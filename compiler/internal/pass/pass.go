// Package pass rewrites the graph until each node stands for one kernel call.
package pass

import "github.com/resc-lang/resc/compiler/internal/ir"

// Pass changes a graph in place. Passes never call each other.
type Pass struct {
	Name string
	Run  func(*ir.Graph)
	Why  string // why it stands where it stands
}

// Pipeline is every pass, in order.
var Pipeline = []Pass{
	{"dead", dead, "first, so that no pass is kept from folding by a reader that nobody needs"},
	{"share", share, "before folding, which makes equal nodes differ"},
	{"fold-pad", foldPad, "anywhere behind dead: it meets no other pass"},
	{"fold-norm", foldNorm, "before fuse-add and fuse-activation, which need the normalised value"},
	{"fuse-add", fuseAdd, "behind fold-norm, before fuse-activation: a kernel adds before it activates"},
	{"fuse-activation", fuseActivation, "last of the folding: nothing can follow an activation in a kernel"},
	{"widen", widen, "behind share, which sees subsampling and padding apart"},
	{"dead-again", dead, "removes what folding left behind"},
}

// Constraint is an order that the pipeline must keep.
type Constraint struct{ Before, After, Why string }

// Order lists what the order of the pipeline rests on; a test holds it to that.
var Order = []Constraint{
	{"dead", "fold-norm", "a dead reader would keep a convolution from taking its norm"},
	{"share", "fuse-activation", "equal nodes are no longer equal once something is folded into one"},
	{"share", "widen", "two subsamplings are shared before one of them becomes part of a padding"},
	{"fold-norm", "fuse-add", "the sum needs the normalised value"},
	{"fold-norm", "fuse-activation", "an activation follows its norm"},
	{"fuse-add", "fuse-activation", "a kernel adds before it activates"},
}

// Run runs the pipeline. observe, if not nil, sees the graph after each pass.
func Run(g *ir.Graph, observe func(Pass, *ir.Graph)) {
	for _, p := range Pipeline {
		p.Run(g)
		if observe != nil {
			observe(p, g)
		}
	}
}
