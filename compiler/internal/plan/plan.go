package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
)

// planner holds what is decided for each node on the way to a schedule.
type planner struct {
	graph   *ir.Graph
	memory  Memory
	uses    map[*ir.Node][]*ir.Node
	layouts map[*ir.Node]Layout
	last    map[*ir.Node]int // index of the last node that reads a value
	slots   []*Slot
	in      map[*ir.Node]*Slot // where a live value is
	calls   []*Call
	weights []*Weights
}

// New schedules a fused graph. Nodes run in the graph's order; each output is
// exported as soon as it is there.
func New(g *ir.Graph, m Memory) *Schedule {
	p := &planner{
		graph: g, memory: m, uses: g.Uses(), layouts: map[*ir.Node]Layout{},
		last: map[*ir.Node]int{}, in: map[*ir.Node]*Slot{},
	}
	for i, n := range g.Nodes {
		p.layouts[n] = p.layout(n)
		for _, a := range n.Inputs() {
			p.last[a] = i
		}
	}
	for i, n := range g.Nodes {
		p.schedule(i, n)
		p.export(n)
		if p.last[n] <= i {
			delete(p.in, n) // nobody reads it any more
		}
	}
	offset := 0
	for _, s := range p.slots {
		s.Offset = offset
		offset += (s.Size + blockChannels - 1) / blockChannels * blockChannels
	}
	input := g.Nodes[0].Shape
	return &Schedule{
		Graph: g, Memory: m, Input: Layout{C: input.C, H: input.H, W: input.W, Block: 1},
		Slots: p.slots, Calls: p.calls, Weights: p.weights,
	}
}

// layout decides how a node's value lies in memory. Its halo is the widest
// padding of the convolutions that read it. An image of a few channels that
// plain convolutions alone read keeps its channels side by side.
func (p *planner) layout(n *ir.Node) Layout {
	l := Layout{C: n.Shape.C, H: n.Shape.H, W: n.Shape.W}
	plain := n.Shape.C < blockChannels && !p.graph.IsOutput(n)
	for _, u := range p.uses[n] {
		conv, ok := u.Op.(op.Conv)
		if !ok || u.Args[0] != n {
			plain = false
			continue
		}
		plain = plain && conv.Groups == 1 && u.Residual != n
		l.Halo = max(l.Halo, slices.Max(conv.Pad[:]))
	}
	if _, input := n.Op.(op.Input); input && plain {
		l.Block = n.Shape.C
	}
	return l
}

// schedule adds a node's calls and gives its value a slot.
func (p *planner) schedule(i int, n *ir.Node) {
	if _, ok := n.Op.(op.Input); ok {
		if len(p.uses[n]) == 0 && !p.graph.IsOutput(n) {
			return
		}
		dst := p.allocate(n)
		p.calls = append(p.calls, &Call{
			Node: n, Kernel: Import{Out: p.layouts[n]},
			Dst: p.operand(n, dst), Srcs: []*Operand{{Input: true, Layout: p.layouts[n], Node: n}},
		})
		return
	}
	var dst *Slot
	for _, l := range p.lowerNode(n) {
		call := &Call{Node: n, Kernel: l.kernel, Weights: l.weights}
		for _, s := range l.sources {
			var o *Operand
			if s != nil {
				o = p.operand(s, p.in[s])
			}
			call.Srcs = append(call.Srcs, o)
		}
		if dst == nil {
			dst = p.destination(i, n, l)
		}
		call.Dst = p.operand(n, dst)
		p.calls = append(p.calls, call)
		if l.weights != nil {
			p.weights = append(p.weights, l.weights)
		}
	}
	for _, a := range n.Inputs() {
		if p.last[a] == i {
			delete(p.in, a)
		}
	}
}

// destination is where a node's value goes: in place of a source that dies
// here, or a slot of its own.
func (p *planner) destination(i int, n *ir.Node, l lowered) *Slot {
	for _, s := range l.inPlace {
		once := 0
		for _, a := range n.Inputs() {
			if a == s {
				once++
			}
		}
		if p.last[s] == i && once == 1 && p.layouts[s].equal(p.layouts[n]) {
			slot := p.in[s]
			p.put(slot, n)
			return slot
		}
	}
	return p.allocate(n)
}

// allocate finds a free slot: the smallest that is large enough, or else the
// largest, which grows, or a new one.
func (p *planner) allocate(n *ir.Node) *Slot {
	size := p.layouts[n].Floats()
	taken := map[*Slot]bool{}
	for _, s := range p.in {
		taken[s] = true
	}
	var free []*Slot
	for _, s := range p.slots {
		if !taken[s] {
			free = append(free, s)
		}
	}
	slices.SortStableFunc(free, func(a, b *Slot) int {
		fitsA, fitsB := a.Size >= size, b.Size >= size
		switch {
		case fitsA != fitsB && fitsA:
			return -1
		case fitsA != fitsB:
			return 1
		case fitsA:
			return cmp.Compare(a.Size, b.Size)
		}
		return cmp.Compare(b.Size, a.Size)
	})
	if len(free) == 0 {
		free = []*Slot{{Name: slotName(len(p.slots))}}
		p.slots = append(p.slots, free[0])
	}
	slot := free[0]
	slot.Size = max(slot.Size, size)
	p.put(slot, n)
	return slot
}

// put records that a slot holds a node's value from now on.
func (p *planner) put(s *Slot, n *ir.Node) {
	s.Values = append(s.Values, n)
	p.in[n] = s
}

// slotName is a, b, … z, then s26, s27 ….
func slotName(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return fmt.Sprintf("s%d", i)
}

func (p *planner) operand(n *ir.Node, s *Slot) *Operand {
	return &Operand{Slot: s, Layout: p.layouts[n], Node: n}
}

// export copies a node's value to the caller if it is an output.
func (p *planner) export(n *ir.Node) {
	for i, o := range p.graph.Outputs {
		if o.Node != n {
			continue
		}
		p.calls = append(p.calls, &Call{
			Node: n, Kernel: Export{In: p.layouts[n]},
			Dst:  &Operand{Output: i, Layout: p.layouts[n], Node: n},
			Srcs: []*Operand{p.operand(n, p.in[n])},
		})
	}
}
