package plan

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
)

// lowered is a node's kernel before its operands have slots.
type lowered struct {
	kernel  Kernel
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
		return one(affine(n, runtime.Norm{Name: n.Path, Eps: o.Epsilon}, in[0], out))
	case op.Scale:
		return one(affine(n, runtime.Norm{Name: n.Path, Scale: true}, in[0], out))
	case op.Activate:
		return one(lowered{
			kernel:  Activate{kernel.Activate{Activation: activations[o.Function]}, in[0], out},
			sources: n.Args, inPlace: n.Args,
		})
	case op.Pool:
		return one(pool(n, o, in[0], out))
	case op.GlobalAverage:
		return one(lowered{kernel: GlobalAverage{In: in[0], Out: out}, sources: n.Args})
	case op.ZeroPad:
		return one(place(n.Args[0], kernel.Place{Top: o.Pad[0], Left: o.Pad[1]}, in[0], out))
	case op.PadChannels:
		return one(place(n.Args[0], kernel.Place{Stride: unlessOne(o.Stride), Channel: o.Before}, in[0], out))
	case op.Subsample:
		return one(place(n.Args[0], kernel.Place{Stride: unlessOne(o.Stride)}, in[0], out))
	case op.Concat:
		var pieces []lowered
		channel := 0
		for i, a := range n.Args {
			pieces = append(pieces, place(a, kernel.Place{Channel: channel, Keep: i > 0}, in[i], out))
			channel += in[i].C
		}
		return pieces
	case op.Add:
		return one(lowered{
			kernel:  Add{kernel.Add{Activation: activations[n.Activation]}, in[0], in[1], out},
			sources: n.Args, inPlace: n.Args,
		})
	case op.Mul:
		return one(p.mul(n, in, out))
	}
	panic(fmt.Sprintf("plan: no kernel for %s", n.Op.Name()))
}

func one(l lowered) []lowered { return []lowered{l} }

// activations are the runtime's.
var activations = map[op.Activation]kernel.Activation{
	op.None: kernel.NoActivation, op.ReLU: kernel.ReLU, op.ReLU6: kernel.ReLU6,
	op.SiLU: kernel.SiLU, op.HardSwish: kernel.HardSwish, op.Sigmoid: kernel.Sigmoid,
}

// conv is a convolution with all that is folded into it.
func (p *planner) conv(n *ir.Node, o op.Conv, in, out Layout) lowered {
	c := convolution{o, in, out, p.memory}
	spec := c.spec()
	spec.Algorithm = choose(c)
	spec.AsTaps = p.memory == Small && o.KernelH == 3 && o.KernelW == 3 && spec.Algorithm != kernel.ByTier{}
	k := Conv{
		Conv: kernel.Conv{
			KernelH: o.KernelH, KernelW: o.KernelW,
			Stride: unlessOne(o.Stride), Dilation: unlessOne(o.Dilation), Groups: unlessOne(o.Groups),
			PadTop: o.Pad[0], PadLeft: o.Pad[1],
			Activation: activations[n.Activation],
		},
		In: in, Out: out,
	}
	l := lowered{
		sources: []*ir.Node{n.Args[0], n.Residual},
		weights: &Weights{
			Node: n,
			Spec: spec,
			Fold: fold(n, o.Bias),
		},
	}
	if n.Residual != nil {
		l.inPlace = []*ir.Node{n.Residual}
		if r := p.layouts[n.Residual]; !r.equal(out) {
			k.Residual = r
		}
	}
	l.kernel = k
	return l
}

// fold names what makes the weights of a convolution or a linear layer.
func fold(n *ir.Node, bias bool) runtime.Fold {
	f := runtime.Fold{Weight: n.Path + ".weight", Norms: norms(n)}
	if bias {
		f.Bias = n.Path + ".bias"
	}
	return f
}

// norms are those that are folded into a node.
func norms(n *ir.Node) []runtime.Norm {
	var norms []runtime.Norm
	for _, m := range n.Norms {
		norms = append(norms, runtime.Norm{Name: m.Path, Eps: m.Epsilon, Scale: m.Scale})
	}
	return norms
}

// unlessOne is zero, which the runtime takes for one, where a field is one.
func unlessOne(n int) int {
	if n == 1 {
		return 0
	}
	return n
}

func (p *planner) linear(n *ir.Node, o op.Linear, in, out Layout) lowered {
	return lowered{
		kernel:  Linear{kernel.Linear{Out: o.Out, Halo: out.Halo, Activation: activations[n.Activation]}, in},
		sources: n.Args,
		weights: &Weights{Node: n, Spec: kernel.LinearSpec{In: in.At(Size{}), Out: o.Out}, Fold: fold(n, o.Bias)},
	}
}

// affine is a normalisation that could not be folded.
func affine(n *ir.Node, norm runtime.Norm, in, out Layout) lowered {
	return lowered{
		kernel:  Affine{kernel.Affine{Activation: activations[n.Activation]}, in, out},
		sources: n.Args, inPlace: n.Args,
		weights: &Weights{
			Node: n, Spec: kernel.ScaleShiftSpec{C: in.C},
			Fold: runtime.Fold{Norms: append([]runtime.Norm{norm}, norms(n)...)},
		},
	}
}

func pool(n *ir.Node, o op.Pool, in, out Layout) lowered {
	k := kernel.Pool{
		Max: o.Max, KernelH: o.KernelH, KernelW: o.KernelW, Stride: o.Stride,
		PadTop: o.Pad[0], PadLeft: o.Pad[1], PadBottom: o.Pad[2], PadRight: o.Pad[3],
		ExcludePad: o.ExcludePad, Activation: activations[n.Activation],
	}
	return lowered{kernel: Pool{k, in, out}, sources: n.Args}
}

// place copies a value, or every stride-th pixel of it, into a larger one.
func place(src *ir.Node, k kernel.Place, in, out Layout) lowered {
	return lowered{kernel: Place{k, in, out}, sources: []*ir.Node{src}}
}

func (p *planner) mul(n *ir.Node, in []Layout, out Layout) lowered {
	k := Mul{Mul: kernel.Mul{Activation: activations[n.Activation]}, A: in[0], B: in[1], Out: out}
	l := lowered{
		sources: []*ir.Node{n.Args[0], n.Args[1], n.Residual},
		inPlace: []*ir.Node{n.Args[0]},
	}
	if n.Residual != nil {
		l.inPlace = []*ir.Node{n.Residual, n.Args[0]}
		k.Residual = p.layouts[n.Residual]
	}
	l.kernel = k
	return l
}

func (p *planner) argLayouts(n *ir.Node) []Layout {
	var in []Layout
	for _, a := range n.Args {
		in = append(in, p.layouts[a])
	}
	return in
}
