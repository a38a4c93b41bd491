package onnx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/op"
)

// region is an instance of a block: the nodes below a numbered path such as
// layer1.0, between one value that goes in and one that comes out.
type region struct {
	base  string // layer1
	index int
	nodes []*node // in topological order
	in    *node
	out   *node
	join  *node // the addition of the shortcut, or nil
	side  *node // the value that it adds
	uses  *use  // the block that it is an instance of
}

func (r *region) path() string { return r.base + "." + strconv.Itoa(r.index) }

// blockOf splits a path at its first number that more follows.
func blockOf(path string) (base string, index int, rest string, ok bool) {
	parts := strings.Split(path, ".")
	for i := 1; i < len(parts)-1; i++ {
		if n, err := strconv.Atoi(parts[i]); err == nil && strconv.Itoa(n) == parts[i] {
			return strings.Join(parts[:i], "."), n, strings.Join(parts[i+1:], "."), true
		}
	}
	return "", 0, "", false
}

// regions finds the instances of blocks in a network whose layers have paths.
func (g *net) regions() []*region {
	of := map[string]*region{}
	var list []*region
	plain := map[string]bool{} // paths below which there are only numbers: a Sequential
	for _, n := range g.nodes {
		base, index, rest, ok := blockOf(n.path)
		if !ok || len(n.weights) == 0 {
			continue
		}
		r := &region{base: base, index: index}
		if of[r.path()] == nil {
			of[r.path()] = r
			plain[r.path()] = true
			list = append(list, r)
		}
		if _, err := strconv.Atoi(rest); err != nil {
			plain[r.path()] = false
		}
		n.region = of[r.path()]
	}
	for _, n := range g.nodes {
		if len(n.weights) == 0 {
			if base, index, _, ok := blockOf(n.path); ok {
				n.region = of[(&region{base: base, index: index}).path()]
			}
		}
	}
	g.spread()
	for _, n := range g.nodes {
		if n.region != nil && plain[n.region.path()] {
			n.region = nil
		}
		if n.region != nil {
			n.region.nodes = append(n.region.nodes, n)
		}
	}
	whole := list[:0]
	for _, r := range list {
		if g.bound(r) {
			whole = append(whole, r)
			r.findJoin()
			continue
		}
		for _, n := range r.nodes {
			n.region = nil
		}
	}
	return whole
}

// spread finds the region of nodes without weights that have no path: what follows
// a region's value and is a sum, a product or an activation is the region's; what
// else reads a value that others read too goes where its reader is, as the
// subsampling of a shortcut does.
func (g *net) spread() {
	readers := map[*node][]*node{}
	for _, n := range g.nodes {
		for _, a := range n.in {
			readers[a] = append(readers[a], n)
		}
	}
	for _, n := range g.nodes {
		if n.region != nil || len(n.weights) > 0 || n.path != "" {
			continue
		}
		if _, act := n.op.(op.Activate); act || isJoin(n) {
			for _, a := range n.in { // the main side of a join comes first
				if a.region != nil && (n.region == nil || later(g, a, n.region)) {
					n.region = a.region
				}
			}
		}
	}
	for _, n := range slices.Backward(g.nodes) {
		if n.region == nil && nameless(n) && len(readers[n]) == 1 && starts(n, readers[n][0].region) {
			n.region = readers[n][0].region
		}
	}
}

// nameless says whether neither weights nor a name say where a node belongs.
func nameless(n *node) bool { return len(n.weights) == 0 && n.path == "" }

// starts says whether a node begins a branch of a region, or goes on with one: a
// chain of such nodes leads to it from a value that others read too, or from
// inside.
func starts(n *node, r *region) bool {
	for r != nil && nameless(n) && len(n.in) == 1 && (n.region == nil || n.region == r) {
		if n.in[0].readers > 1 || n.in[0].region == r {
			return true
		}
		n = n.in[0]
	}
	return false
}

// later says whether a node comes behind every node of a region.
func later(g *net, n *node, r *region) bool {
	at := slices.Index(g.nodes, n)
	for i, m := range g.nodes {
		if m.region == r && i > at {
			return false
		}
	}
	return true
}

// bound finds the values that go into a region and come out of it, and says
// whether they are one each.
func (g *net) bound(r *region) bool {
	for _, n := range r.nodes {
		for _, a := range n.in {
			if a.region == r {
				continue
			}
			if r.in != nil && r.in != a {
				return false
			}
			r.in = a
		}
	}
	for _, n := range g.nodes {
		for _, a := range n.in {
			if a.region != r || n.region == r {
				continue
			}
			if r.out != nil && r.out != a {
				return false
			}
			r.out = a
		}
	}
	for _, o := range g.outputs {
		if o.node.region == r {
			if r.out != nil && r.out != o.node {
				return false
			}
			r.out = o.node
		}
	}
	return r.in != nil && r.out != nil && r.out == r.nodes[len(r.nodes)-1]
}

// findJoin finds the sum that ends a region, or that an activation behind it
// ends, and which side of it is the shortcut: the one that is nearer to the
// region's input.
func (r *region) findJoin() {
	n := r.out
	if _, ok := n.op.(op.Activate); ok {
		n = n.in[0]
	}
	if _, ok := n.op.(op.Add); !ok || n.region != r {
		return
	}
	a, okA := r.chainLength(n.in[0])
	b, okB := r.chainLength(n.in[1])
	switch {
	case okB && (!okA || b <= a):
		r.join, r.side = n, n.in[1]
	case okA:
		r.join, r.side = n, n.in[0]
	}
}

// chainLength counts the nodes between a value and one that several read, or the
// region's input, along a chain of operators that read one value each.
func (r *region) chainLength(n *node) (length int, ok bool) {
	for n != r.in && n.region == r && (n.readers == 1 || length == 0 && n.readers < 2) {
		if len(n.in) != 1 {
			return 0, false
		}
		n = n.in[0]
		length++
	}
	return length, n == r.in || n.region == r
}

// main is the value that the shortcut is added to; where nothing is added, the
// region's value.
func (r *region) main() *node {
	switch {
	case r.join == nil:
		return r.out
	case r.join.in[0] == r.side:
		return r.join.in[1]
	}
	return r.join.in[0]
}

// stride is the product of strides from the region's input to a value, along the
// first argument of each operator.
func (r *region) stride(n *node) int {
	product := 1
	for ; n != r.in && len(n.in) > 0; n = n.in[0] {
		switch o := n.op.(type) {
		case op.Conv:
			product *= o.Stride
		case op.Pool:
			product *= o.Stride
		case op.Subsample:
			product *= o.Stride
		}
	}
	return product
}
