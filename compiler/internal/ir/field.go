package ir

import "github.com/resc-lang/resc/compiler/internal/op"

// Field is the receptive field of a value (Araujo, Norris and Sim 2019): the side,
// in pixels of the input, of what one element can depend on, and the distance
// between neighbours. A size of zero is the whole image, as behind squeeze and
// excitation; a stride of zero says that there are no neighbours.
type Field struct{ Size, Stride int }

// Fields follows the receptive field through a graph as it was written.
func (g *Graph) Fields() map[*Node]Field {
	fields := map[*Node]Field{g.Nodes[0]: {1, 1}}
	for _, n := range g.Nodes[1:] {
		fields[n] = n.field(fields)
	}
	return fields
}

// field is a node's receptive field, from those of its arguments.
func (n *Node) field(of map[*Node]Field) Field {
	f := of[n.Args[0]]
	for _, a := range n.Args[1:] {
		x := of[a]
		if f.Size == 0 || x.Size == 0 {
			f.Size = 0
		} else {
			f.Size = max(f.Size, x.Size)
		}
		f.Stride = max(f.Stride, x.Stride)
	}
	window := func(kernel, dilation, stride int) Field {
		if f.Size > 0 {
			f.Size += (kernel - 1) * dilation * f.Stride
		}
		f.Stride *= stride
		return f
	}
	switch o := n.Op.(type) {
	case op.Conv:
		return window(max(o.KernelH, o.KernelW), o.Dilation, o.Stride)
	case op.Pool:
		return window(max(o.KernelH, o.KernelW), 1, o.Stride)
	case op.Subsample:
		return window(1, 1, o.Stride)
	case op.GlobalAverage, op.Linear:
		return Field{}
	}
	return f
}
