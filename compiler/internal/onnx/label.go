package onnx

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/op"
)

// label gives every layer a path. Where the file's names give none, or one to two
// layers, all paths are made of the network's structure, as torchvision's are:
// conv1, then layerN.i.convK for what lies between one value and the sum that
// closes over it, downsample.0 on its shorter side, and fc.
func (g *net) label() {
	seen := map[string]bool{}
	whole := true
	for _, n := range g.nodes {
		if len(n.weights) == 0 {
			continue
		}
		whole = whole && n.path != "" && !seen[n.path]
		seen[n.path] = true
	}
	if whole {
		return
	}
	for _, n := range g.nodes {
		n.path = ""
	}
	g.structure()
}

// structure makes paths of the structure.
func (g *net) structure() {
	counts := map[string]int{}
	kind := func(n *node) string {
		switch n.op.(type) {
		case op.Conv:
			return "conv"
		case op.Linear:
			return "fc"
		}
		return n.op.Name()
	}
	name := func(prefix string, n *node) string {
		k := kind(n)
		counts[prefix+k]++
		if k == "fc" && counts[prefix+k] == 1 {
			return prefix + k
		}
		return fmt.Sprintf("%s%s%d", prefix, k, counts[prefix+k])
	}
	stage, block := 0, 0
	var channels int
	for _, s := range g.segments() {
		prefix := ""
		if s.join != nil {
			if c := s.join.shape.C; c != channels || s.strided {
				stage, block, channels = stage+1, -1, c
			}
			block++
			prefix = fmt.Sprintf("layer%d.%d.", stage, block)
		}
		below := 0
		for _, n := range s.nodes {
			switch {
			case s.side[n] && len(n.weights) > 0:
				n.path = fmt.Sprintf("%sdownsample.%d", prefix, below)
				below++
			case s.side[n]:
				below++
			case len(n.weights) > 0:
				n.path = name(prefix, n)
			}
		}
	}
}

// segment is the nodes between two values that everything passes through.
type segment struct {
	nodes   []*node
	join    *node // the sum at its end, or nil
	side    map[*node]bool
	strided bool
}

// segments cuts the network at the values behind which nothing before them is
// read.
func (g *net) segments() (list []segment) {
	last := map[*node]int{} // the last place where a value is read
	place := map[*node]int{g.input: -1}
	for i, n := range g.nodes {
		place[n] = i
		for _, a := range n.in {
			last[a] = i
		}
	}
	var nodes []*node
	open := last[g.input]
	in := g.input
	for i, n := range g.nodes {
		nodes = append(nodes, n)
		if open > i {
			open = max(open, last[n])
			continue
		}
		list = append(list, newSegment(nodes, in))
		nodes, in, open = nil, n, last[n]
	}
	return list
}

// newSegment finds a segment's sum, and the nodes on its shorter side.
func newSegment(nodes []*node, in *node) segment {
	s := segment{nodes: nodes, side: map[*node]bool{}}
	end := nodes[len(nodes)-1]
	if _, ok := end.op.(op.Add); !ok {
		return s
	}
	r := &region{in: in}
	for _, n := range nodes {
		n.region = r
	}
	s.join = end
	r.out = end
	r.findJoin()
	if r.join != nil {
		for at := r.side; at != in && len(at.in) == 1; at = at.in[0] {
			s.side[at] = true
		}
		s.strided = r.stride(r.main()) > 1
	}
	for _, n := range nodes {
		n.region = nil
	}
	return s
}
