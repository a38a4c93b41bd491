package plan

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
)

// lowered is a node's kernel before its operands have slots.
type lowered struct {
	kernel  string
	fields  []Field
	sources []*ir.Node // nil where the kernel's source is absent
	weights *Weights
	inPlace []*ir.Node // sources whose memory the result may take
}

// lowerNode chooses the kernels of a node: one, but for concatenation, which
// places each of its pieces.
func (p *planner) lowerNode(n *ir.Node) []lowered {
	in, out := p.argLayouts(n), p.layouts[n]
	switch o := n.Op.(type) {
	case op.Conv:
		return one(p.conv(n, o, in[0], out))
	case op.Linear:
		return one(p.linear(n, o, in[0], out))
	case op.BatchNorm:
		return one(affine(n, ir.Norm{Path: n.Path, Epsilon: o.Epsilon}, in[0], out))
	case op.Scale:
		return one(affine(n, ir.Norm{Path: n.Path, Scale: true}, in[0], out))
	case op.Activate:
		return one(lowered{
			kernel:  "Activate",
			fields:  []Field{{"In", in[0]}, {"Out", out}, {"Activation", activation(o.Function)}},
			sources: n.Args, inPlace: n.Args,
		})
	case op.Pool:
		return one(pool(n, o, in[0], out))
	case op.GlobalAverage:
		return one(lowered{kernel: "GlobalAverage", fields: []Field{{"In", in[0]}, {"Out", out}}, sources: n.Args})
	case op.ZeroPad:
		return one(place(n.Args[0], in[0], out, 1, 0, o.Pad[0], o.Pad[1], false))
	case op.PadChannels:
		return one(place(n.Args[0], in[0], out, max(o.Stride, 1), o.Before, 0, 0, false))
	case op.Subsample:
		return one(place(n.Args[0], in[0], out, o.Stride, 0, 0, 0, false))
	case op.Concat:
		var pieces []lowered
		channel := 0
		for i, a := range n.Args {
			pieces = append(pieces, place(a, in[i], out, 1, channel, 0, 0, i > 0))
			channel += in[i].C
		}
		return pieces
	case op.Add:
		return one(lowered{
			kernel:  "Add",
			fields:  []Field{{"A", in[0]}, {"B", in[1]}, {"Out", out}, {"Activation", activation(n.Activation)}},
			sources: n.Args, inPlace: n.Args,
		})
	case op.Mul:
		return one(p.mul(n, in, out))
	}
	panic(fmt.Sprintf("plan: no kernel for %s", n.Op.Name()))
}

func one(l lowered) []lowered { return []lowered{l} }

// activation is the constant of runtime/kernel.
func activation(a op.Activation) Word {
	if a == op.None {
		return ""
	}
	return Word(a.Kernel())
}

// conv is a convolution with all that is folded into it.
func (p *planner) conv(n *ir.Node, o op.Conv, in, out Layout) lowered {
	algorithm := choose(o, in, out, p.memory)
	l := lowered{
		kernel: "Conv",
		fields: []Field{
			{"In", in}, {"Out", out},
			{"KernelH", o.KernelH}, {"KernelW", o.KernelW},
			{"Stride", unlessOne(o.Stride)}, {"Dilation", unlessOne(o.Dilation)}, {"Groups", unlessOne(o.Groups)},
			{"PadTop", o.Pad[0]}, {"PadLeft", o.Pad[1]},
		},
		sources: []*ir.Node{n.Args[0], n.Residual},
		weights: &Weights{
			Node: n, Type: "Filter", Spec: "FilterSpec",
			Fields: []Field{
				{"In", in.C}, {"Out", o.Out}, {"KernelH", o.KernelH}, {"KernelW", o.KernelW},
				{"Groups", unlessOne(o.Groups)}, {"Block", in.Block}, {"Stride", unlessOne(o.Stride)}, {"Algorithm", algorithm},
				{"AsTaps", p.memory == Small && o.KernelH == 3 && o.KernelW == 3 && algorithm.Type != ""},
			},
			Weight: n.Path + ".weight", Norms: n.Norms,
		},
	}
	if o.Bias {
		l.weights.Bias = n.Path + ".bias"
	}
	if n.Residual != nil {
		l.inPlace = []*ir.Node{n.Residual}
		if r := p.layouts[n.Residual]; !r.equal(out) {
			l.fields = append(l.fields, Field{"Residual", r})
		}
	}
	l.fields = append(l.fields, Field{"Activation", activation(n.Activation)})
	return l
}

// unlessOne is zero, which the runtime takes for one, where a field is one.
func unlessOne(n int) int {
	if n == 1 {
		return 0
	}
	return n
}

func (p *planner) linear(n *ir.Node, o op.Linear, in, out Layout) lowered {
	l := lowered{
		kernel:  "Linear",
		fields:  []Field{{"In", in}, {"Out", o.Out}, {"Halo", out.Halo}, {"Activation", activation(n.Activation)}},
		sources: n.Args,
		weights: &Weights{
			Node: n, Type: "Dense", Spec: "LinearSpec",
			Fields: []Field{{"In", in}, {"Out", o.Out}},
			Weight: n.Path + ".weight", Norms: n.Norms,
		},
	}
	if o.Bias {
		l.weights.Bias = n.Path + ".bias"
	}
	return l
}

// affine is a normalisation that could not be folded.
func affine(n *ir.Node, norm ir.Norm, in, out Layout) lowered {
	return lowered{
		kernel:  "Affine",
		fields:  []Field{{"In", in}, {"Out", out}, {"Activation", activation(n.Activation)}},
		sources: n.Args, inPlace: n.Args,
		weights: &Weights{Node: n, Type: "ScaleShift", Channels: in.C, Norms: append([]ir.Norm{norm}, n.Norms...)},
	}
}

func pool(n *ir.Node, o op.Pool, in, out Layout) lowered {
	return lowered{
		kernel: "Pool",
		fields: []Field{
			{"In", in}, {"Out", out}, {"Max", o.Max},
			{"KernelH", o.KernelH}, {"KernelW", o.KernelW}, {"Stride", o.Stride},
			{"PadTop", o.Pad[0]}, {"PadLeft", o.Pad[1]}, {"PadBottom", o.Pad[2]}, {"PadRight", o.Pad[3]},
			{"ExcludePad", o.ExcludePad}, {"Activation", activation(n.Activation)},
		},
		sources: n.Args,
	}
}

// place copies a value, or every stride-th pixel of it, into a larger one.
func place(src *ir.Node, in, out Layout, stride, channel, top, left int, keep bool) lowered {
	return lowered{
		kernel: "Place",
		fields: []Field{
			{"In", in}, {"Out", out}, {"Stride", unlessOne(stride)},
			{"Channel", channel}, {"Top", top}, {"Left", left}, {"Keep", keep},
		},
		sources: []*ir.Node{src},
	}
}

func (p *planner) mul(n *ir.Node, in []Layout, out Layout) lowered {
	l := lowered{
		kernel:  "Mul",
		fields:  []Field{{"A", in[0]}, {"B", in[1]}, {"Out", out}},
		sources: []*ir.Node{n.Args[0], n.Args[1], n.Residual},
		inPlace: []*ir.Node{n.Args[0]},
	}
	if n.Residual != nil {
		l.inPlace = []*ir.Node{n.Residual, n.Args[0]}
		l.fields = append(l.fields, Field{"Residual", p.layouts[n.Residual]})
	}
	l.fields = append(l.fields, Field{"Activation", activation(n.Activation)})
	return l
}

func (p *planner) argLayouts(n *ir.Node) []Layout {
	var in []Layout
	for _, a := range n.Args {
		in = append(in, p.layouts[a])
	}
	return in
}
