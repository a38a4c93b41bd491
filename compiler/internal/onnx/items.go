package onnx

import (
	"strconv"
	"strings"
)

// item is a step of a statement, a group of steps under one label, or a stage.
type item struct {
	node  *node // whose value it is
	in    []*item
	group []*node // of a labelled group, or nil
	stage *stage  // or nil

	path    string // relative to the frame: a label
	readers int
	output  bool
	inline  bool   // printed where it is joined, or by a policy
	name    string // by which the value can be addressed, or ""
	needed  bool   // somebody addresses it
}

// stage is instances of one block in a row.
type stage struct {
	regions []*region
}

// frame is what statements are written of: the nodes of a model or of a block.
type frame struct {
	prefix  string // of paths
	input   *node
	named   string // the input's name
	nodes   []*node
	items   []*item
	of      map[*node]*item
	region  *region // of a block, whose shortcut is a policy's
	policy  bool    // + shortcut stands for the region's join
	outputs func(*node) bool
	slot    func(kind slotKind, v int) string
}

// newFrame makes the items of nodes; those of a region that has a use are one
// item.
func newFrame(prefix string, input *node, named string, nodes []*node, outputs func(*node) bool) *frame {
	f := &frame{prefix: prefix, input: input, named: named, nodes: nodes, of: map[*node]*item{}, outputs: outputs, slot: literal}
	f.of[input] = &item{node: input, name: named, readers: 2}
	readers := map[*node][]*node{}
	for _, n := range nodes {
		for _, a := range n.in {
			readers[a] = append(readers[a], n)
		}
	}
	grouped := map[*node]bool{}
	for _, n := range nodes {
		switch {
		case grouped[n]:
		case n.region != nil && n.region.uses != nil && f.prefix == "":
			f.stage(n)
		default:
			if list := f.sequence(n, readers); list != nil {
				for _, m := range list {
					grouped[m] = true
				}
				f.group(list)
				continue
			}
			it := &item{node: n, readers: n.readers, path: f.relative(n), output: f.outputs(n)}
			for _, a := range n.in {
				it.in = append(it.in, f.of[a])
			}
			f.add(n, it)
		}
	}
	return f
}

func (f *frame) add(n *node, it *item) {
	f.of[n] = it
	f.items = append(f.items, it)
}

// relative is a node's path in the frame, or "".
func (f *frame) relative(n *node) string {
	path, ok := strings.CutPrefix(n.path, f.prefix)
	if !ok {
		return ""
	}
	return path
}

// stage makes an item of a region when its last node comes, or puts it into the
// stage before it.
func (f *frame) stage(n *node) {
	r := n.region
	if n != r.out {
		return
	}
	it := &item{node: n, in: []*item{f.of[r.in]}, readers: n.readers, path: r.path(), name: r.path(), output: f.outputs(n), stage: &stage{[]*region{r}}}
	if len(f.items) > 0 {
		before := f.items[len(f.items)-1]
		if s := before.stage; s != nil && before.node == r.in {
			last := s.regions[len(s.regions)-1]
			if last.base == r.base && last.index+1 == r.index && last.uses.call() == r.uses.call() && r.uses.stride == 1 && s.regions[0].staged() {
				s.regions = append(s.regions, r)
				before.node, before.readers, before.output = n, n.readers, f.outputs(n)
				f.of[n] = before
				before.path, before.name = r.base, r.base
				return
			}
		}
	}
	if r.staged() {
		it.path, it.name = r.base, r.base
	}
	f.add(n, it)
}

// staged says whether a region belongs to a stage: whose numbers begin at 0.
func (r *region) staged() bool { return r.uses.staged }

// sequence is the nodes from n on that a labelled group can hold: a chain of which
// each has the same path but for its last part, or none. nil where a group is not
// worth it.
func (f *frame) sequence(n *node, readers map[*node][]*node) []*node {
	parent, first, ok := cutLast(f.relative(n))
	if _, err := strconv.Atoi(first); err == nil && first != "0" {
		return nil // a part of a Sequential: each step has its label
	}
	if !ok || n.alone || len(n.in) != 1 || n.region != nil && f.prefix == "" && n.region.uses != nil {
		return nil
	}
	list, end := []*node{n}, 1
	for at := n; at.readers == 1 && !f.outputs(at) && len(readers[at]) == 1; {
		next := readers[at][0]
		if len(next.in) != 1 {
			break
		}
		p, last, ok := cutLast(f.relative(next))
		switch {
		case ok && p != parent, !ok && (next.path != "" || len(next.weights) > 0):
			ok = false
		case ok && len(next.weights) == 0 && last != strconv.Itoa(len(list)):
			ok = false
		default:
			list = append(list, next)
			if ok {
				end = len(list)
			}
			at = next
			continue
		}
		break
	}
	if list = list[:end]; end < 2 {
		return nil
	}
	return list
}

// cutLast splits a path before its last part.
func cutLast(path string) (parent, last string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

func (f *frame) group(list []*node) {
	last := list[len(list)-1]
	parent, _, _ := cutLast(f.relative(list[0]))
	f.add(last, &item{node: last, group: list, in: []*item{f.of[list[0].in[0]]}, path: parent, name: parent, readers: last.readers, output: f.outputs(last)})
}
