package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/dsl"
)

// options are what stands behind a stage or a block step: its stride and its
// policy.
type options struct {
	stride *value
	policy *policyDecl
}

// stageOptions reads the arguments behind a stage or a block step.
func (f *frame) stageOptions(what string, args []*dsl.Arg) (options, bool) {
	o, ok := options{policy: f.policy}, true
	for _, a := range args {
		switch name, word := a.Name, a.Value; {
		case a.Stride:
			n, fine := f.int(word)
			if fine && n < 1 {
				f.errorf(BadType, a.Span, "the stride is %d, but must be at least 1", n)
				fine = false
			}
			o.stride = &value{kind: intValue, n: n}
			ok = ok && fine
		case name != nil && !a.No && name.Text == "shortcut":
			o.policy = f.resolvePolicy(f.eval(word), word.At())
			ok = ok && o.policy != nil
		default:
			f.errorf(BadStatement, a.Span, "%s takes a stride and a shortcut, not %s", what, a.Span.Text()).
				Hintf(nil, "arguments of the block stand in parentheses: bottleneck(64, dilation = 2), /2, shortcut A")
			ok = false
		}
	}
	return o, ok
}

// unknownPolicy is in force where the model's is not known, which has been reported.
var unknownPolicy = &policyDecl{}

// resolvePolicy finds the policy that a word means.
func (f *frame) resolvePolicy(v value, span dsl.Span) *policyDecl {
	if v.kind == badValue {
		return nil
	}
	if v.kind != wordValue {
		f.errorf(BadType, span, "expected a shortcut policy, found %s, %s", v.kind, v)
		return nil
	}
	file := f.file
	if v.scope != nil {
		file = v.scope
	}
	if p := file.policy(v.word); p != nil {
		return p
	}
	if p := f.file.policy(v.word); p != nil {
		return p
	}
	d := f.errorf(UnknownPolicy, span, "no shortcut policy is called %s", v.word)
	suggest(d, span, v.word, f.file.policyNames())
	if d.Hint == nil {
		d.Hintf(nil, "there are %s", strings.Join(f.file.policyNames(), ", "))
	}
	return nil
}

// findBlock finds the block that a name, or the parameter of that name, means.
func (f *frame) findBlock(n dsl.Name) *blockDecl {
	name, file := n.Text, f.file
	if p, ok := f.params[name]; ok && p.kind == wordValue {
		name = p.word
		if p.scope != nil {
			file = p.scope
		}
	}
	if b := file.block(name); b != nil {
		return b
	}
	d := f.errorf(UnknownBlock, n.Span, "no block is called %s", name)
	suggest(d, n.Span, name, file.blockNames())
	return nil
}

// runStage repeats a block. Its stride reaches the first block only; a stage
// whose label is in use goes on with its numbering.
func (f *frame) runStage(s *dsl.Stage, v *ir.Node) *ir.Node {
	n, ok := f.int(s.Count)
	if ok && (n < 1 || n > maxBlocks) {
		f.errorf(BadStatement, s.Count.At(), "a stage of %d blocks; it must have 1 to %d", n, maxBlocks)
		ok = false
	}
	block := f.findBlock(s.Block)
	o, fine := f.stageOptions("a stage", s.Options)
	if !ok || !fine || block == nil {
		f.names[s.Label.Text] = bad
		return bad
	}
	stage := f.child(&ir.Scope{Kind: ir.StageScope, Path: join(f.prefix, s.Label.Text), Decl: s.Label.Text, Span: s.Span, Doc: s.Doc()})
	for i := range int(n) {
		given := params{}
		if o.stride != nil && i == 0 {
			given["stride"] = *o.stride
		}
		index := f.labels.blocks[stage.scope.Path]
		f.labels.blocks[stage.scope.Path]++
		path := fmt.Sprintf("%s.%d", stage.scope.Path, index)
		scope := &ir.Scope{Kind: ir.BlockScope, Path: path, Index: index, Span: s.Span}
		v = stage.instantiate(block, scope, s.Args, given, o.policy, s.Span, v)
		if v == bad {
			break
		}
		f.names[fmt.Sprintf("%s.%d", s.Label.Text, index)] = v
		f.name(path, v)
	}
	f.names[s.Label.Text] = v
	f.name(stage.scope.Path, v)
	return v
}

// maxBlocks bounds a stage.
const maxBlocks = 10_000

// applyBlock runs a block as a step.
func (f *frame) applyBlock(b *blockDecl, o *dsl.Op, label *dsl.Name, v *ir.Node) *ir.Node {
	opts, ok := f.stageOptions("a block", o.Args)
	if !ok {
		return bad
	}
	given := params{}
	if opts.stride != nil {
		given["stride"] = *opts.stride
	}
	path := f.prefix
	if label != nil {
		path = join(f.prefix, label.Text)
	}
	out := f.instantiate(b, &ir.Scope{Kind: ir.BlockScope, Path: path, Span: o.Span}, o.Call, given, opts.policy, o.Span, v)
	if label != nil {
		f.name(path, out)
	}
	return out
}

// maxDepth bounds blocks inside blocks.
const maxDepth = 64

// instantiate runs a block's statements under its arguments.
func (f *frame) instantiate(b *blockDecl, scope *ir.Scope, args []*dsl.CallArg, given params, policy *policyDecl, at dsl.Span, v *ir.Node) *ir.Node {
	name := b.Name.Text
	if f.instances++; f.instances > maxSteps {
		f.errorf(TooMany, at, "the network has more than %d blocks", maxSteps)
		return bad
	}
	if slices.Contains(f.blocks, name) || len(f.blocks) >= maxDepth {
		f.errorf(Recursive, at, "block %s contains itself: %s", name, strings.Join(append(slices.Clone(f.blocks), name), " contains "))
		return bad
	}
	if _, ok := given["stride"]; ok && !slices.ContainsFunc(b.Params, func(p *dsl.Param) bool { return p.Name.Text == "stride" }) {
		f.errorf(NoStride, at, "block %s has no parameter stride, so it cannot take /%s", name, given["stride"]).
			Note(b.Name.Span, "declared here").
			Hintf(nil, "declare it as block %s(…, stride = 1) and use /stride in one of its steps", name)
		return bad
	}
	bound, ok := f.bind("block "+name, b.Params, args, at, b.scope, given)
	if !ok || v == bad {
		return bad
	}
	scope.Decl, scope.Doc = name, b.Doc()
	g := f.child(scope)
	g.file, g.params, g.policy = b.scope, bound, policy
	g.prefix, g.input = scope.Path, v
	g.names = map[string]*ir.Node{}
	g.blocks = append(slices.Clip(f.blocks), name)
	g.stride = map[*ir.Node]int{v: 1}
	out := g.run(b.Body, v)
	if out != bad {
		f.stride[out] = f.stride[v] * g.stride[out]
	}
	return out
}

// run runs the statements of a block.
func (f *frame) run(body []dsl.Stmt, v *ir.Node) *ir.Node {
	for _, s := range body {
		switch s := s.(type) {
		case *dsl.ChainStmt:
			v = f.runChain(s.Chain, v, false)
		case *dsl.Stage:
			v = f.runStage(s, v)
		default:
			f.errorf(BadStatement, s.At(), "this statement belongs into a model, not into a block")
		}
	}
	return v
}

// snapshot is a state of the checker to go back to, for trying things out.
type snapshot struct {
	nodes    int
	values   int
	used     map[string]dsl.Span
	ds       dsl.Diagnostics
	reported map[place]bool
	names    map[string]*ir.Node
}

// try runs something and takes back what it did. It returns the nodes that it
// made and whether it reported nothing.
func (f *frame) try(run func()) (nodes []*ir.Node, ok bool) {
	before := snapshot{len(f.graph.Nodes), len(f.values), f.labels.used, *f.ds, f.reported, f.names}
	f.labels.used = maps.Clone(before.used)
	f.reported = maps.Clone(before.reported)
	f.names = maps.Clone(before.names)
	var ds dsl.Diagnostics
	*f.ds = ds
	run()
	ok = len(*f.ds) == 0
	nodes = slices.Clone(f.graph.Nodes[before.nodes:])
	f.graph.Nodes, f.values = f.graph.Nodes[:before.nodes], f.values[:before.values]
	f.labels.used, *f.ds, f.reported, f.names = before.used, before.ds, before.reported, before.names
	return nodes, ok
}
