package onnx

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/stdlib"
)

// Compiler compiles the model of a source to its graph as it was written.
type Compiler func(text string) (*ir.Graph, error)

// use is a block with arguments, and the policies under which it computes what
// regions compute.
type use struct {
	block    string
	args     []string // "64", "inner = 128"
	stride   int
	from     string   // the library's file that it is imported from, or ""
	policies []string // names, in the library's order; of a block of the file's own, nil
	policy   string   // that the stage names, where the model has none for all
	staged   bool     // the instances of its stage are numbered from 0
}

// call is the use as a stage writes it, without its stride.
func (u *use) call() string {
	if len(u.args) == 0 {
		return u.block
	}
	return u.block + "(" + strings.Join(u.args, ", ") + ")"
}

// library is what the standard library declares outside of models: each file that
// needs an import by its name, the files in scope everywhere by "".
type library struct {
	compile  Compiler
	blocks   []known
	policies []known
	tried    map[string]*ir.Graph
}

// known is a declaration of the library.
type known struct {
	name, from string
	block      *dsl.Block
}

// newLibrary reads the library's declarations.
func newLibrary(compile Compiler) *library {
	l := &library{compile: compile, tried: map[string]*ir.Graph{}}
	add := func(f *dsl.File, from string) {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *dsl.Block:
				l.blocks = append(l.blocks, known{d.Name.Text, from, d})
			case *dsl.Policy:
				l.policies = append(l.policies, known{d.Name.Text, from, nil})
			}
		}
	}
	var shared []string
	for _, f := range stdlib.Shared() {
		shared = append(shared, f.Source.Name)
		add(f, "")
	}
	for _, name := range stdlib.Names() {
		src, _ := stdlib.Source(name)
		if slices.Contains(stdlib.Models(), name) || slices.Contains(shared, src.Name) {
			continue
		}
		f, _ := dsl.Parse(src)
		add(f, src.Name)
	}
	return l
}

// bare is the policy that adds nothing, under which main paths are compared.
const bare = "bare_"

// instance compiles one block by itself.
func (l *library) instance(r *region, b known, args []string, stride int, policy string, from ...string) *ir.Graph {
	var text strings.Builder
	for i, f := range append(from, b.from) {
		if f != "" && !slices.Contains(from[:min(i, len(from))], f) {
			fmt.Fprintf(&text, "import %q\n", f)
		}
	}
	fmt.Fprintf(&text, "model m {\n    input x [%d, %d, %d]\n    stage s = 1 x %s", r.in.shape.C, r.in.shape.H.Int(), r.in.shape.W.Int(), (&use{block: b.name, args: args}).call())
	if stride > 1 {
		fmt.Fprintf(&text, ", /%d", stride)
	}
	fmt.Fprintf(&text, ", shortcut %s\n}\nshortcut %s {\n    all: zero\n}\n", policy, bare)
	key := text.String()
	if g, ok := l.tried[key]; ok {
		return g
	}
	g, err := l.compile(key)
	if err != nil {
		g = nil
	}
	l.tried[key] = g
	return g
}

// fit finds the block of the library that computes what a region computes, with
// its arguments and policies, or nil.
func (l *library) fit(r *region) *use {
	for _, b := range l.blocks {
		args, stride, ok := l.arguments(r, b)
		if !ok {
			continue
		}
		u := &use{block: b.name, args: args, stride: stride, from: b.from}
		for _, p := range l.policies {
			g := l.instance(r, b, args, stride, p.name, p.from)
			if g != nil && r.matches(g) {
				u.policies = append(u.policies, p.name)
			}
		}
		if len(u.policies) > 0 || r.join != nil && r.mainMatches(l.instance(r, b, args, stride, bare)) {
			return u
		}
	}
	return nil
}

// mainMatches says whether a block, compiled without its shortcut, is the region
// without its own.
func (r *region) mainMatches(g *ir.Graph) bool {
	out := g.Outputs[0].Node
	if r.join != r.out {
		if out.Op != r.out.op {
			return false
		}
		out = out.Args[0]
	}
	return r.same(r.main(), out, g)
}

// matches says whether a block, compiled by itself, is the region.
func (r *region) matches(g *ir.Graph) bool { return r.same(r.out, g.Outputs[0].Node, g) }

// same says whether a value of a block, compiled by itself, is one of the region.
func (r *region) same(n *node, compiled *ir.Node, g *ir.Graph) bool {
	prefix := r.path() + "."
	return newMatcher(r.in, g.Nodes[0], func(n *ir.Node) string {
		return prefix + strings.TrimPrefix(n.Path, "s.0.")
	}).match(n, compiled)
}

// arguments finds the values of a block's parameters with which its main path has
// the region's layers: numbers that occur in the region, or quarters of them.
func (l *library) arguments(r *region, b known) (args []string, stride int, ok bool) {
	layers := map[string]op.Op{}
	numbers := map[int]bool{}
	for _, n := range r.nodes {
		if len(n.weights) == 0 {
			continue
		}
		layers[strings.TrimPrefix(n.path, r.path()+".")] = n.op
		if c, ok := n.op.(op.Conv); ok {
			numbers[c.Out], numbers[c.Groups], numbers[c.Dilation] = true, true, true
			if c.Out%4 == 0 {
				numbers[c.Out/4] = true
			}
		}
	}
	delete(numbers, 1)
	values := slices.Sorted(maps.Keys(numbers))
	stride = r.stride(r.main())
	var needed, optional []string
	strided := false
	for _, p := range b.block.Params {
		switch {
		case p.Name.Text == "stride":
			strided = true
		case p.Default == nil:
			needed = append(needed, "")
		default:
			optional = append(optional, p.Name.Text)
		}
	}
	if stride > 1 && !strided || len(needed) > 2 || len(values) == 0 || len(values) > maxNumbers {
		return nil, 0, false
	}
	try := func(args []string) (alike, all int) {
		return agree(layers, l.instance(r, b, args, stride, bare))
	}
	// Whether there are layers of these names does not depend on the numbers.
	probe := make([]string, len(needed))
	for i := range probe {
		probe[i] = "64"
	}
	if alike, _ := try(probe); alike < 0 {
		return nil, 0, false
	}
	for _, chosen := range choices(values, len(needed)) {
		var args []string
		for _, v := range chosen {
			args = append(args, fmt.Sprint(v))
		}
		alike, all := try(args)
		// Each parameter with a default makes more layers agree, or keeps it.
		for _, p := range optional {
			for _, v := range values {
				longer := append(slices.Clip(args), fmt.Sprintf("%s = %d", p, v))
				if alike == all {
					break
				}
				if n, _ := try(longer); n > alike {
					args, alike = longer, n
					break
				}
			}
		}
		if alike == all && all > 0 {
			return args, stride, true
		}
	}
	return nil, 0, false
}

// maxNumbers bounds the numbers of a region that are tried.
const maxNumbers = 16

// choices is every choice of n of the values.
func choices(values []int, n int) (all [][]int) {
	all = [][]int{nil}
	for range n {
		var longer [][]int
		for _, c := range all {
			for _, v := range values {
				longer = append(longer, append(slices.Clip(c), v))
			}
		}
		all = longer
	}
	return all
}

// agree counts the layers with weights of a compiled block that are among those of
// a region, and all that it has. It is -1 where the block did not compile, or has a
// layer of which the region has no like.
func agree(layers map[string]op.Op, g *ir.Graph) (alike, all int) {
	if g == nil {
		return -1, 0
	}
	for _, n := range g.Nodes {
		if len(n.Weights()) == 0 {
			continue
		}
		have, ok := layers[strings.TrimPrefix(n.Path, "s.0.")]
		if !ok || have.Name() != n.Op.Name() {
			return -1, 0
		}
		a, conv := have.(op.Conv)
		if b, _ := n.Op.(op.Conv); conv && (a.KernelH != b.KernelH || a.KernelW != b.KernelW || a.Bias != b.Bias) {
			return -1, 0
		}
		all++
		if have == n.Op {
			alike++
		}
	}
	return alike, all
}
