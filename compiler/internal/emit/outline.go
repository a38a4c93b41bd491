package emit

import (
	"fmt"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/plan"
)

// outline is a schedule as the emitted package tells it: parts of the model in
// order, each a run of blocks, each block a run of layers. Blocks that are
// alike but for their weights are one block with several instances.
type outline struct {
	parts  []*part
	blocks []*block // every kind of block, in order of first use
}

// part is what the model's forward function calls: a stage, a block of the
// model, or a run of the model's own steps.
type part struct {
	name  string    // of its Go function, and of its file
	scope *ir.Scope // the stage or block; the model for a run of its own steps
	runs  []*run
}

// run is consecutive instances of one block.
type run struct {
	block *block
	field string   // of the weights structure; an array when there are several
	paths []string // weight path of each instance
}

// block is a function of the emitted package that runs a few layers.
type block struct {
	name   string // of its Go function
	path   string // weight path of the first instance
	scope  *ir.Scope
	layers []*layer
	of     *part // the part that runs it first: its file holds the function
}

// layer is one kernel call in a function of its own.
type layer struct {
	name   string // of its Go function
	call   *plan.Call
	weight string // field of the block's weights, or ""
}

// hasWeights says whether the block reads any weights.
func (b *block) hasWeights() bool {
	for _, l := range b.layers {
		if l.weight != "" {
			return true
		}
	}
	return false
}

// weightsType is the Go type of the block's weights.
func (b *block) weightsType() string { return b.name + weightsSuffix }

// newOutline groups a schedule's calls.
func newOutline(s *plan.Schedule, taken names) *outline {
	o := &outline{}
	known := map[string]*block{}
	fields := newNames()
	for _, calls := range splitBy(s.Calls, partOf) {
		scope := partOf(calls[0])
		p := &part{scope: scope}
		p.name = taken.takeBlock(o.partName(p, s.Calls, calls))
		o.parts = append(o.parts, p)
		for _, instance := range splitBy(calls, instanceOf) {
			path := instanceOf(instance[0]).Path
			key := blockKey(instance, path)
			b := known[key]
			if b == nil {
				b = &block{path: path, scope: instanceOf(instance[0]), of: p}
				b.name = p.name
				if scope.Kind == ir.StageScope {
					b.name = taken.takeBlock(blockName(path, p))
				}
				b.layers = newLayers(b, instance, taken)
				known[key] = b
				o.blocks = append(o.blocks, b)
			}
			if n := len(p.runs); n > 0 && p.runs[n-1].block == b {
				p.runs[n-1].paths = append(p.runs[n-1].paths, path)
				continue
			}
			field := p.name
			if scope.Kind == ir.StageScope {
				field = blockName(path, p)
			}
			field = fields.take(field)
			p.runs = append(p.runs, &run{block: b, field: field, paths: []string{path}})
		}
	}
	return o
}

// splitBy cuts calls where the scope that of names changes.
func splitBy(calls []*plan.Call, of func(*plan.Call) *ir.Scope) [][]*plan.Call {
	var runs [][]*plan.Call
	start := 0
	for i := range calls {
		if i+1 == len(calls) || of(calls[i+1]) != of(calls[i]) {
			runs = append(runs, calls[start:i+1])
			start = i + 1
		}
	}
	return runs
}

// partOf is the outermost scope of a call below the model, or the model. The
// image's import and the outputs' export belong to the model.
func partOf(c *plan.Call) *ir.Scope {
	return below(c, func(s *ir.Scope) bool { return s.Parent == nil || s.Parent.Parent == nil })
}

// instanceOf is the block instance of a call: the scope just below its stage,
// or its part.
func instanceOf(c *plan.Call) *ir.Scope {
	part := partOf(c)
	if part.Kind != ir.StageScope {
		return part
	}
	return below(c, func(s *ir.Scope) bool { return s == part || s.Parent == part })
}

// below climbs from a call's scope to the first that satisfies found. Groups
// and policies are no scopes of their own in emitted code.
func below(c *plan.Call, found func(*ir.Scope) bool) *ir.Scope {
	s := c.Node.Scope
	if c.IsTransfer() {
		for s.Parent != nil {
			s = s.Parent
		}
	}
	for !found(s) {
		s = s.Parent
	}
	if s.Parent != nil && s.Kind != ir.StageScope && s.Kind != ir.BlockScope {
		return s.Parent
	}
	return s
}

// partName is the name of a part's function: the stage's or block's label, or
// stem, head or between for steps of the model itself.
func (o *outline) partName(p *part, all, calls []*plan.Call) string {
	switch {
	case p.scope.Parent != nil:
		return camel(p.scope.Path)
	case calls[0] == all[0]:
		return "stem"
	case calls[len(calls)-1] == all[len(all)-1]:
		return "head"
	default:
		return "after" + upperFirst(o.parts[len(o.parts)-1].name)
	}
}

// blockName names the instance of a block in a stage: layer2Block0.
func blockName(path string, p *part) string {
	number := strings.TrimPrefix(path, p.scope.Path+".")
	return p.name + "Block" + upperFirst(camel("x" + number)[1:])
}

// relative is a weight path as a block's instance sees it.
func relative(path, instance string) string {
	if instance == "" {
		return path
	}
	return strings.TrimPrefix(path, instance+".")
}

// newLayers names the layers of a block.
func newLayers(b *block, calls []*plan.Call, taken names) []*layer {
	var layers []*layer
	fields := newNames("load") // a method
	for _, c := range calls {
		own := camel(relative(c.Node.Path, b.path))
		if c.IsTransfer() {
			own = strings.ToLower(plan.TypeName(c.Kernel)) + upperFirst(own)
		}
		l := &layer{call: c, name: taken.take(b.name + upperFirst(own))}
		if c.Weights != nil {
			l.weight = fields.take(own)
		}
		layers = append(layers, l)
	}
	return layers
}

// blockKey is equal for instances of a block that the same code can run: the
// same kernels with the same geometry on the same slots, and weights of the same
// names relative to the instance.
func blockKey(calls []*plan.Call, path string) string {
	var b strings.Builder
	for _, c := range calls {
		fmt.Fprintf(&b, "%s %s %s %s", relative(c.Node.Path, path), c.Node.Source, key(c.Kernel), operandKey(c.Dst))
		for _, s := range c.Srcs {
			fmt.Fprintf(&b, " %s", operandKey(s))
		}
		if w := c.Weights; w != nil {
			fmt.Fprintf(&b, " %s", weightsKey(w, path))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
