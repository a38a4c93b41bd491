package kernel

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// NaN stays NaN, as in PyTorch: it is a result, not an accident to hide. Poolings have a
// test of their own.

// nans are NaN of both signs, quiet and signalling.
var nans = []float32{
	math.Float32frombits(0x7fc00000), math.Float32frombits(0xffc00000),
	math.Float32frombits(0x7f800001), math.Float32frombits(0xff812345),
}

// What is computed value by value has NaN where an operand has, and nowhere else, in each
// lane and with each activation.
func TestElementwiseKeepsNaN(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	threads := NewThreads(1)
	defer threads.Close()
	l := Layout{C: 33, H: 2, W: 3}
	numbers := draw(random, l).blocked()
	vector := draw(random, Layout{C: l.C, H: 1, W: 1})
	scales, gate := PackScaleShift(vector.v, vector.v), vector.blocked()
	for _, tier := range tiers() {
		defer cpu.Force(tier)()
		for _, act := range activations {
			kernels := map[string]func(dst, x []float32){
				"first addend":  func(dst, x []float32) { Add{A: l, B: l, Out: l, Activation: act}.Run(threads, dst, x, numbers) },
				"second addend": func(dst, x []float32) { Add{A: l, B: l, Out: l, Activation: act}.Run(threads, dst, numbers, x) },
				"activation":    func(dst, x []float32) { Activate{In: l, Out: l, Activation: act}.Run(threads, dst, x) },
				"affine":        func(dst, x []float32) { Affine{In: l, Out: l, Activation: act}.Run(threads, dst, x, scales) },
				"first factor": func(dst, x []float32) {
					Mul{A: l, B: l, Out: l, Activation: act}.Run(threads, dst, x, numbers, nil)
				},
				"second factor": func(dst, x []float32) {
					Mul{A: l, B: l, Out: l, Activation: act}.Run(threads, dst, numbers, x, nil)
				},
				"gated": func(dst, x []float32) {
					Mul{A: l, B: vector.Layout, Out: l, Activation: act}.Run(threads, dst, x, gate, numbers)
				},
				"residual": func(dst, x []float32) {
					Mul{A: l, B: vector.Layout, Out: l, Activation: act}.Run(threads, dst, numbers, gate, x)
				},
			}
			for name, run := range kernels {
				x, dst := draw(random, l).blocked(), NewArena(l.Len())
				for at, v := range x {
					x[at] = nans[at%len(nans)]
					run(dst, x)
					for i, got := range dst {
						if (got != got) != (i == at) {
							t.Fatalf("%v, %v, %s: NaN at %d gives %v at %d", tier, act, name, at, got, i)
						}
					}
					x[at] = v
				}
			}
		}
	}
}

// A convolution has NaN in all outputs that depend on a NaN of its input or have one in the
// residual, by each algorithm and with each activation. Direct convolution of one group has
// it nowhere else; other groups may meet it times zero, and other algorithms compute
// neighbours from the same sums.
func TestConvKeepsNaN(t *testing.T) {
	cases, random := convCases(), rand.New(rand.NewPCG(25, 26))
	threads := NewThreads(1)
	defer threads.Close()
	for _, tier := range tiers() {
		defer cpu.Force(tier)()
		computed := map[Algorithm]bool{}
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			c := cases[name]
			k := newConvInput(c, true, true, random)
			spec := FilterSpec{
				In: c.In.C, Out: c.Out.C, KernelH: c.KernelH, KernelW: c.KernelW,
				Groups: c.Groups, Block: c.In.Block, Stride: c.Stride,
			}
			for _, algorithm := range Algorithms() {
				if algorithm != Direct && (c.Dilation > 1 || !algorithm.Suits(spec, tier.String())) {
					continue
				}
				computed[algorithm] = true
				spec.Algorithm = ByTier{AVX512: algorithm, AVX2: algorithm, NEON: algorithm}
				w := spec.Pack(k.weight, k.bias)
				k.Activation = activations[random.IntN(len(activations))]
				at, added := random.IntN(len(k.src)), random.IntN(len(k.added))
				x, r := k.src[at], k.added[added]
				k.src[at], k.added[added] = nans[random.IntN(len(nans))], nans[random.IntN(len(nans))]
				dst, src := NewArena(c.Out.Len()), NewArena(c.In.Len())
				k.run(threads, w, dst, src, dst)
				for o := range k.added {
					ch, oy, ox := o/(c.Out.H*c.Out.W), o/c.Out.W%c.Out.H, o%c.Out.W
					got := dst[c.Out.at(ch/blockChannels, oy, ox)+ch%blockChannels]
					want := o == added || k.depends(ch, oy, ox, at)
					if isNaN := got != got; want && !isNaN || isNaN && !want && algorithm == Direct && c.Groups == 1 {
						t.Fatalf("%v, %s, %s, %v: NaN at %d and in the residual at %d gives %v at %d, %d, %d",
							tier, name, algorithm.Name(), k.Activation, at, added, got, ch, oy, ox)
					}
				}
				k.src[at], k.added[added] = x, r
			}
		}
		if tier.Kernels() == cpu.AVX512 && len(computed) != len(Algorithms()) {
			t.Errorf("%v: only %v computed", tier, computed)
		}
	}
}

// depends reports whether the value of an output channel o at y, x depends on the input's
// value at.
func (k *convCase) depends(o, y, x, at int) bool {
	c := k.withDefaults()
	i, v, u := at/(c.In.H*c.In.W), at/c.In.W%c.In.H, at%c.In.W
	v, u = v+c.PadTop-y*c.Stride, u+c.PadLeft-x*c.Stride
	return i/(c.In.C/c.Groups) == o/(c.Out.C/c.Groups) &&
		v >= 0 && u >= 0 && v%c.Dilation == 0 && u%c.Dilation == 0 && v/c.Dilation < c.KernelH && u/c.Dilation < c.KernelW
}

// A linear layer and an average of the whole image have NaN in what depends on one.
func TestSumsKeepNaN(t *testing.T) {
	random := rand.New(rand.NewPCG(27, 28))
	threads := NewThreads(1)
	defer threads.Close()
	in := Layout{C: 19, H: 2, W: 3}
	x, n := draw(random, in), in.C*in.H*in.W
	src := x.blocked()
	out := Layout{C: 21, H: 1, W: 1}
	w := LinearSpec{In: in, Out: out.C}.Pack(draw(random, Layout{C: out.C, H: n, W: 1}).v, draw(random, out).v)
	mean := Layout{C: in.C, H: 1, W: 1}
	for _, tier := range tiers() {
		defer cpu.Force(tier)()
		for _, act := range activations {
			for at := range n {
				c := at / (in.H * in.W)
				lane := &src[in.at(c/blockChannels, at/in.W%in.H, at%in.W)+c%blockChannels]
				number := *lane
				*lane = nans[at%len(nans)]
				sums, means := NewArena(out.Len()), NewArena(mean.Len())
				Linear{In: in, Out: out.C, Activation: act}.Run(threads, sums, src, w)
				GlobalAverage{In: in, Out: mean}.Run(threads, means, src)
				*lane = number
				for o := range out.C {
					if v := sums[o]; v == v {
						t.Fatalf("%v, %v: NaN at %d gives sum %v of output %d", tier, act, at, v, o)
					}
				}
				for o := range in.C {
					if v := means[o]; (v != v) != (o == c) {
						t.Fatalf("%v: NaN in channel %d gives mean %v of channel %d", tier, c, v, o)
					}
				}
			}
		}
	}
}
