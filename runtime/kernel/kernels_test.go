package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resc-lang/resc/internal/allocs"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// image is a value in NCHW order with its layout.
type image struct {
	Layout
	v []float32
}

// draw makes an image of random values.
func draw(random *rand.Rand, l Layout) image {
	v := make([]float32, l.C*l.H*l.W)
	for i := range v {
		v[i] = random.Float32()*4 - 2
	}
	return image{l, v}
}

func (m image) at(c, y, x int) float64 { return float64(m.v[(c*m.H+y)*m.W+x]) }

// blocked is the image in its layout, with spare lanes that are finite but far
// from any value.
func (m image) blocked() []float32 {
	dst := NewArena(m.Len())
	m.store(dst, m.v)
	for i, v := range dst {
		if v == unlikely {
			dst[i] = 1e12 // whose square is finite
		}
	}
	return dst
}

// each computes what must come out for each value of a layout.
func each(l Layout, f func(c, y, x int) float64) []float64 {
	want := make([]float64, 0, l.C*l.H*l.W)
	for c := range l.C {
		for y := range l.H {
			for x := range l.W {
				want = append(want, f(c, y, x))
			}
		}
	}
	return want
}

// tiers lists the tiers that can run here, each with kernels of its own.
func tiers() []cpu.Level {
	return slices.DeleteFunc(cpu.Available(), func(l cpu.Level) bool { return l != l.Kernels() })
}

// everywhere runs a kernel under each tier with 1, 2, 3 and 8 threads, and
// compares the result with want and between the numbers of threads. fill
// prepares the output, for kernels that work in place.
func everywhere(t *testing.T, out Layout, want []float64, fill func() []float32, run func(t *Threads, dst []float32)) {
	t.Helper()
	for _, tier := range tiers() {
		restore := cpu.Force(tier)
		var first []float32
		for _, n := range []int{1, 2, 3, 8} {
			threads := NewThreads(n)
			dst := fill()
			threads.Begin()
			run(threads, dst)
			threads.End()
			threads.Close()
			if first == nil {
				out.verify(t, dst, want)
				first = dst
			} else if !slices.Equal(first, dst) {
				t.Errorf("%v: %d threads give other bits than one", tier, n)
			}
		}
		restore()
		if t.Failed() {
			t.Fatalf("on tier %v", tier)
		}
	}
}

// spoilt is memory for a layout that holds something else.
func spoilt(l Layout) func() []float32 {
	return func() []float32 {
		dst := NewArena(l.Len())
		for i := range dst {
			dst[i] = unlikely
		}
		return dst
	}
}

var activations = []Activation{NoActivation, ReLU, ReLU6, SiLU, HardSwish, Sigmoid}

// sizes are channels, heights and widths that meet every edge of the kernels.
var sizes = [][3]int{{1, 1, 1}, {3, 5, 7}, {16, 1, 9}, {17, 8, 3}, {40, 7, 7}, {64, 13, 30}}

func TestElementwise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, size := range sizes {
		act := activations[i%len(activations)]
		l := Layout{C: size[0], H: size[1], W: size[2], Halo: i % 3}
		other := l
		other.Halo = (i + 1) % 3
		x, y, z := draw(random, l), draw(random, other), draw(random, l)
		t.Run(fmt.Sprint("add ", size), func(t *testing.T) {
			k := Add{A: l, B: other, Out: l, Activation: act}
			want := each(l, func(c, h, w int) float64 { return activate(act, x.at(c, h, w)+y.at(c, h, w)) })
			everywhere(t, l, want, spoilt(l), func(t *Threads, dst []float32) { k.Run(t, dst, x.blocked(), y.blocked()) })
			everywhere(t, l, want, x.blocked, func(t *Threads, dst []float32) { k.Run(t, dst, dst, y.blocked()) })
		})
		t.Run(fmt.Sprint("activate ", size), func(t *testing.T) {
			k := Activate{In: other, Out: l, Activation: act}
			want := each(l, func(c, h, w int) float64 { return activate(act, y.at(c, h, w)) })
			everywhere(t, l, want, spoilt(l), func(t *Threads, dst []float32) { k.Run(t, dst, y.blocked()) })
		})
		t.Run(fmt.Sprint("affine ", size), func(t *testing.T) {
			scale, shift := draw(random, Layout{C: l.C, H: 1, W: 1}), draw(random, Layout{C: l.C, H: 1, W: 1})
			k := Affine{In: l, Out: l, Activation: act}
			want := each(l, func(c, h, w int) float64 {
				return activate(act, x.at(c, h, w)*scale.at(c, 0, 0)+shift.at(c, 0, 0))
			})
			packed := PackScaleShift(scale.v, shift.v)
			everywhere(t, l, want, x.blocked, func(t *Threads, dst []float32) { k.Run(t, dst, dst, packed) })
		})
		t.Run(fmt.Sprint("mul ", size), func(t *testing.T) {
			gate := draw(random, Layout{C: l.C, H: 1, W: 1, Halo: i % 2})
			want := each(l, func(c, h, w int) float64 {
				return activate(act, x.at(c, h, w)*gate.at(c, 0, 0)+y.at(c, h, w))
			})
			k := Mul{A: l, B: gate.Layout, Out: l, Residual: other, Activation: act}
			everywhere(t, l, want, x.blocked, func(t *Threads, dst []float32) { k.Run(t, dst, dst, gate.blocked(), y.blocked()) })
			want = each(l, func(c, h, w int) float64 { return activate(act, x.at(c, h, w)*z.at(c, h, w)) })
			k = Mul{A: l, B: l, Out: l, Activation: act}
			everywhere(t, l, want, spoilt(l), func(t *Threads, dst []float32) { k.Run(t, dst, x.blocked(), z.blocked(), nil) })
		})
	}
}

// TestPool covers windows that reach beyond the image on every side, and those
// of ceiling mode, which overhang the padding.
func TestPool(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for i, k := range poolings {
		for _, size := range sizes {
			for mode := range 6 {
				k := k
				k.Max, k.ExcludePad = mode%3 == 0, mode%3 == 1
				ceilMode := mode >= 3
				k.In = Layout{C: size[0], H: size[1], W: size[2], Halo: i % 2}
				k.Out = Layout{C: size[0], Halo: (i + 1) % 2}
				side := func(in, kernel, before, after int) int {
					if in+before+after < kernel {
						return 0
					}
					if ceilMode {
						return CeilSize(in, kernel, k.Stride, before, after)
					}
					return (in+before+after-kernel)/k.Stride + 1
				}
				k.Out.H = side(k.In.H, k.KernelH, k.PadTop, k.PadBottom)
				k.Out.W = side(k.In.W, k.KernelW, k.PadLeft, k.PadRight)
				if k.Out.H < 1 || k.Out.W < 1 {
					continue
				}
				x := draw(random, k.In)
				want := each(k.Out, func(c, y, w int) float64 { return naivePool(k, x, c, y, w) })
				t.Run(fmt.Sprintf("%d %v %d", i, size, mode), func(t *testing.T) {
					everywhere(t, k.Out, want, spoilt(k.Out), func(t *Threads, dst []float32) { k.Run(t, dst, x.blocked()) })
				})
			}
		}
	}
}

// naivePool is PyTorch's definition: an average's divisor counts the padding,
// but not what a window overhangs beyond it.
func naivePool(k Pool, x image, c, oy, ox int) float64 {
	largest, sum, inside, counted := math.Inf(-1), 0.0, 0, 0
	for r := range k.KernelH {
		for q := range k.KernelW {
			y, w := oy*k.Stride-k.PadTop+r, ox*k.Stride-k.PadLeft+q
			if y < k.In.H+k.PadBottom && w < k.In.W+k.PadRight {
				counted++
			}
			if y < 0 || y >= k.In.H || w < 0 || w >= k.In.W {
				continue
			}
			inside++
			sum += x.at(c, y, w)
			largest = max(largest, x.at(c, y, w))
		}
	}
	switch {
	case k.Max:
		return largest
	case k.ExcludePad:
		return sum / float64(inside)
	}
	return sum / float64(counted)
}

func TestGlobalAverage(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for i, size := range sizes {
		k := GlobalAverage{In: Layout{C: size[0], H: size[1], W: size[2], Halo: i % 2}, Out: Layout{C: size[0], H: 1, W: 1, Halo: i % 3}}
		x := draw(random, k.In)
		want := each(k.Out, func(c, _, _ int) float64 {
			sum := 0.0
			for y := range k.In.H {
				for w := range k.In.W {
					sum += x.at(c, y, w)
				}
			}
			return sum / float64(k.In.H*k.In.W)
		})
		everywhere(t, k.Out, want, spoilt(k.Out), func(t *Threads, dst []float32) { k.Run(t, dst, x.blocked()) })
	}
}

func TestLinear(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for i, size := range sizes {
		in := Layout{C: size[0], H: size[1], W: size[2], Halo: i % 2}
		out := []int{1, 5, 16, 33, 10, 100}[i]
		act := activations[i%len(activations)]
		x, n := draw(random, in), in.C*in.H*in.W
		weight, bias := draw(random, Layout{C: out, H: n, W: 1}).v, draw(random, Layout{C: out, H: 1, W: 1}).v
		for i := range weight {
			weight[i] /= float32(math.Sqrt(float64(n))) // sums of about 1, whose rounding is small
		}
		k := Linear{In: in, Out: out, Halo: i % 3, Activation: act}
		packed := LinearSpec{In: in, Out: out}.Pack(weight, bias)
		vector := Layout{C: out, H: 1, W: 1, Halo: k.Halo}
		want := each(vector, func(c, _, _ int) float64 {
			sum := float64(bias[c])
			for i, v := range x.v {
				sum += float64(v) * float64(weight[c*n+i])
			}
			return activate(act, sum)
		})
		everywhere(t, vector, want, spoilt(vector), func(t *Threads, dst []float32) { k.Run(t, dst, x.blocked(), packed) })
	}
}

func TestPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for i, size := range sizes {
		for _, channel := range []int{0, 3, 16, 24} {
			in := Layout{C: size[0], H: size[1], W: size[2], Halo: i % 2}
			k := Place{In: in, Stride: 1 + i%3, Channel: channel, Top: i % 2, Left: (i + 1) % 3}
			h, w := ceil(in.H, k.Stride), ceil(in.W, k.Stride)
			k.Out = Layout{C: channel + in.C + i, H: h + k.Top + 1, W: w + k.Left, Halo: (i + 1) % 2}
			x := draw(random, in)
			want := each(k.Out, func(c, y, p int) float64 {
				c, y, p = c-k.Channel, y-k.Top, p-k.Left
				if c < 0 || c >= in.C || y < 0 || y >= h || p < 0 || p >= w {
					return 0
				}
				return x.at(c, y*k.Stride, p*k.Stride)
			})
			everywhere(t, k.Out, want, spoilt(k.Out), func(t *Threads, dst []float32) { k.Run(t, dst, x.blocked()) })
		}
	}
}

// TestConcat places two values one behind the other.
func TestConcat(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	a, b := draw(random, Layout{C: 13, H: 4, W: 5}), draw(random, Layout{C: 22, H: 4, W: 5, Halo: 1})
	out := Layout{C: 35, H: 4, W: 5, Halo: 2}
	want := each(out, func(c, y, x int) float64 {
		if c < 13 {
			return a.at(c, y, x)
		}
		return b.at(c-13, y, x)
	})
	everywhere(t, out, want, spoilt(out), func(t *Threads, dst []float32) {
		Place{In: a.Layout, Out: out}.Run(t, dst, a.blocked())
		Place{In: b.Layout, Out: out, Channel: 13, Keep: true}.Run(t, dst, b.blocked())
	})
}

func TestTransfer(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	for i, size := range sizes {
		for _, block := range []int{0, size[0]} {
			l := Layout{C: size[0], H: size[1], W: size[2], Halo: i % 3, Block: block}
			if block > blockChannels {
				continue
			}
			x := draw(random, l)
			want := each(l, x.at)
			everywhere(t, l, want, spoilt(l), func(t *Threads, dst []float32) { Import{Out: l}.Run(t, dst, x.v) })
			threads := NewThreads(2)
			back := make([]float32, len(x.v))
			Export{In: l}.Run(threads, back, x.blocked())
			threads.Close()
			if !slices.Equal(back, x.v) {
				t.Errorf("%+v does not come back as it was", l)
			}
		}
	}
}

func TestKernelsAllocateNothing(t *testing.T) {
	l := Layout{C: 40, H: 9, W: 9, Halo: 1}
	x, y := NewArena(l.Len()), NewArena(l.Len())
	threads := NewThreads(2)
	defer threads.Close()
	weights := PackScaleShift(make([]float32, 40), make([]float32, 40))
	threads.Begin()
	defer threads.End()
	if n := allocs.Least(10, func() {
		Add{A: l, B: l, Out: l, Activation: ReLU}.Run(threads, x, x, y)
		Mul{A: l, B: l, Out: l}.Run(threads, x, x, y, nil)
		Affine{In: l, Out: l, Activation: SiLU}.Run(threads, x, x, weights)
		Pool{In: l, Out: l, Max: true, KernelH: 3, KernelW: 3, Stride: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1}.Run(threads, y, x)
		Place{In: l, Out: l}.Run(threads, y, x)
	}); n != 0 {
		t.Errorf("%d allocations in ten runs", n)
	}
}
