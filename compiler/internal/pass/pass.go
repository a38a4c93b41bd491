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
	{"fold-pad", foldPad, "before fold-norm only by custom: the two do not meet"},
	{"fold-norm", foldNorm, "before fuse-add and fuse-activation, which need the normalised value"},
	{"fuse-add", fuseAdd, "behind fold-norm, before fuse-activation: a kernel adds before it activates"},
	{"fuse-activation", fuseActivation, "last of the folding: nothing can follow an activation in a kernel"},
	{"widen", widen, "behind share, which sees subsampling and padding apart"},
	{"dead-again", dead, "removes what folding left behind"},
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
