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

// convCase is a convolution with its values in NCHW order.
type convCase struct {
	Conv
	algorithm  Algorithm // of the tiers that have assembly
	asTaps     bool
	residual   bool
	src, added []float32 // NCHW
	weight     []float32 // OIHW
	bias       []float32
	want       []float64 // NCHW
}

// newConvCase draws values for a convolution and computes what must come out.
func newConvCase(c Conv, bias, residual bool, random *rand.Rand) *convCase {
	k := newConvInput(c, bias, residual, random)
	k.want = k.naive()
	return k
}

func newConvInput(c Conv, bias, residual bool, random *rand.Rand) *convCase {
	k := &convCase{Conv: c, residual: residual}
	g := max(c.Groups, 1)
	draw := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = random.Float32()*2 - 1
		}
		return v
	}
	k.src = draw(c.In.C * c.In.H * c.In.W)
	k.weight = draw(c.Out.C * c.In.C / g * c.KernelH * c.KernelW)
	if bias {
		k.bias = draw(c.Out.C)
	}
	if residual {
		k.added = draw(c.Out.C * c.Out.H * c.Out.W)
	}
	return k
}

// naive is the definition of convolution, in float64.
func (k *convCase) naive() []float64 {
	c := k.Conv.withDefaults()
	ins, outs := c.In.C/c.Groups, c.Out.C/c.Groups
	want := make([]float64, c.Out.C*c.Out.H*c.Out.W)
	for at := range want {
		o, y, x := at/(c.Out.H*c.Out.W), at/c.Out.W%c.Out.H, at%c.Out.W
		sum := 0.0
		for i := range ins {
			for ky := range c.KernelH {
				for kx := range c.KernelW {
					v, u := y*c.Stride+ky*c.Dilation-c.PadTop, x*c.Stride+kx*c.Dilation-c.PadLeft
					if v < 0 || v >= c.In.H || u < 0 || u >= c.In.W {
						continue
					}
					s := k.src[((o/outs*ins+i)*c.In.H+v)*c.In.W+u]
					sum += float64(s) * float64(k.weight[((o*ins+i)*c.KernelH+ky)*c.KernelW+kx])
				}
			}
		}
		if k.bias != nil {
			sum += float64(k.bias[o])
		}
		if k.residual {
			sum += float64(k.added[at])
		}
		want[at] = activate(c.Activation, sum)
	}
	return want
}

func activate(a Activation, x float64) float64 {
	switch a {
	case ReLU:
		return max(x, 0)
	case ReLU6:
		return min(max(x, 0), 6)
	case SiLU:
		return x / (1 + math.Exp(-x))
	case HardSwish:
		return x * min(max(x+3, 0), 6) / 6
	case Sigmoid:
		return 1 / (1 + math.Exp(-x))
	}
	return x
}

func (k *convCase) pack() *Filter {
	avx2 := k.algorithm
	switch avx2 {
	case WinogradFour:
		avx2 = Winograd4
	case WinogradRows:
		avx2 = Direct
	}
	neon := avx2
	if neon == Strassen || neon == Strassen2 {
		neon = Direct
	}
	return FilterSpec{
		In: k.In.C, Out: k.Out.C, KernelH: k.KernelH, KernelW: k.KernelW,
		Groups: k.Groups, Block: k.In.Block, Stride: k.Stride,
		Algorithm: ByTier{AVX512: k.algorithm, AVX2: avx2, NEON: neon}, AsTaps: k.asTaps,
	}.Pack(k.weight, k.bias)
}

// unlikely marks memory that a kernel must not read into a result.
const unlikely = 1e30

// store writes NCHW values into a layout whose spare lanes are finite but
// large, and whose halo is zero.
func (l Layout) store(dst, nchw []float32) {
	clear(dst)
	for b := range l.blocks() {
		for y := range l.H {
			for x := range l.W {
				for lane := range l.block() {
					c, v := b*l.block()+lane, float32(unlikely)
					if c < l.C {
						v = nchw[(c*l.H+y)*l.W+x]
					}
					dst[l.at(b, y, x)+lane] = v
				}
			}
		}
	}
}

// verify compares values of a layout with NCHW ones, and wants the halo zero
// and the spare lanes finite.
func (l Layout) verify(t *testing.T, got []float32, want []float64) {
	t.Helper()
	largest := 1.0
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for b := range l.blocks() {
		for y := -l.Halo; y < l.H+l.Halo; y++ {
			for x := -l.Halo; x < l.W+l.Halo; x++ {
				inside := y >= 0 && y < l.H && x >= 0 && x < l.W
				for lane := range l.block() {
					v, c := float64(got[l.at(b, y, x)+lane]), b*l.block()+lane
					switch {
					case !inside && v != 0:
						t.Fatalf("halo at block %d, y %d, x %d, lane %d is %v", b, y, x, lane, v)
					case inside && c < l.C:
						if w := want[(c*l.H+y)*l.W+x]; !(math.Abs(v-w) <= 1e-5*largest) {
							t.Fatalf("channel %d, y %d, x %d: got %v, want %v", c, y, x, v, w)
						}
					case math.IsNaN(v) || math.IsInf(v, 0):
						t.Fatalf("spare lane %d of block %d is %v", lane, b, v)
					}
				}
			}
		}
	}
}

// run computes the case into dst, in place where a residual has the output's layout.
func (k *convCase) run(t *Threads, w *Filter, dst, src, residual []float32) {
	k.In.store(src, k.src)
	for i := range dst {
		dst[i] = unlikely
	}
	if k.residual {
		k.withDefaults().Residual.store(residual, k.added)
	}
	t.Begin()
	k.Conv.Run(t, dst, src, residual, w)
	t.End()
}

// check computes the case under every tier with 1, 2, 3 and 8 threads, and a filter
// that is kept as taps both as it is and expanded.
func (k *convCase) check(t *testing.T) {
	for _, tier := range tiers() {
		t.Run(tier.String(), func(t *testing.T) {
			defer cpu.Force(tier)()
			w := k.pack()
			var first []float32
			runs := []int{1, 2, 3, 8}
			if m, ok := w.method.(winograd); ok && w.asTaps && !m.four {
				w.expansion = new(expansion) // whether it pays here or not
				runs = append(runs, runs...)
			}
			for i, n := range runs {
				if i == 4 {
					w.Prepare()
				}
				threads := NewThreads(n)
				dst, src := NewArena(k.Out.Len()), NewArena(k.In.Len())
				var residual []float32
				if k.residual {
					residual = dst
					if k.Residual != (Layout{}) {
						residual = NewArena(k.Residual.Len())
					}
				}
				k.run(threads, w, dst, src, residual)
				threads.Close()
				if first == nil {
					k.Out.verify(t, dst, k.want)
					first = dst
				} else if !slices.Equal(first, dst) {
					t.Fatalf("run %d, of %d threads, gives other bits than the first", i, n)
				}
			}
		})
	}
}

// convCases are the shapes that the tests run, by what is special about them.
func convCases() map[string]Conv {
	cases := map[string]Conv{}
	add := func(name string, in, outC int, h, w, k, stride, dilation, groups int) Conv {
		pad := (k - 1) / 2 * dilation
		size := func(n int) int { return (n+2*pad-(k-1)*dilation-1)/stride + 1 }
		c := Conv{
			In:      Layout{C: in, H: h, W: w, Halo: pad},
			Out:     Layout{C: outC, H: size(h), W: size(w), Halo: 1},
			KernelH: k, KernelW: k, Stride: stride, Dilation: dilation, Groups: groups, PadTop: pad, PadLeft: pad,
		}
		cases[fmt.Sprintf("%s/%d to %d at %dx%d, %dx%d, stride %d, dilation %d, groups %d",
			name, in, outC, h, w, k, k, stride, dilation, groups)] = c
		return c
	}
	channels := []int{1, 3, 15, 16, 17, 40, 64}
	for i, in := range channels {
		for _, out := range channels {
			add("channels", in, out, 3, 5+i, 3, 1, 1, 1)
			add("channels", in, out, 2, 9, 1, 1, 1, 1)
		}
	}
	for w := 1; w <= 33; w++ {
		add("widths", 16, 128, 2, w, 3, 1, 1, 1)
		add("widths", 5, 16*(1+w%4), 2, w, 1, 1, 1, 1)
		add("widths", 16, 48, 3, w, 3, 2, 1, 1)
		add("widths", 24, 24, 3, w, 1, 1, 1, 1) // half of the last block
		add("depthwise", 24, 24, 4, w, 3, 1+w%2, 1, 24)
	}
	for _, k := range []int{1, 2, 3, 5, 7} {
		for stride := 1; stride <= 3; stride++ {
			for dilation := 1; dilation <= 2; dilation++ {
				add("windows", 20, 36, 13, 15, k, stride, dilation, 1)
				add("windows", 20, 36, 13, 15, k, stride, dilation, 4)
				add("windows", 32, 32, 14, 13, k, stride, dilation, 32)
			}
		}
	}
	for w := 1; w <= 16; w++ {
		for stride := 1; stride <= 2; stride++ {
			for _, width := range []int{2, 4, 8} {
				add("groups", 40, 40, 3, w*stride, 3, stride, 1, 40/width)
			}
		}
	}
	for _, groups := range []int{2, 3, 4, 8, 12, 16, 48} {
		add("groups", 48, 96, 5, 9, 3, 1, 1, groups)
		add("groups", 96, 48, 5, 9, 1, 1, 1, groups)
		add("groups", 192, 192, 3, 4, 3, 2, 1, groups)
	}
	add("small", 64, 64, 1, 1, 7, 1, 2, 1) // most taps in the padding
	add("parts", 400, 64, 2, 3, 5, 1, 1, 1)
	add("parts", 800, 80, 2, 3, 5, 1, 1, 2)
	add("rows of several calls", 512, 16, 3, 60, 3, 1, 1, 1)
	add("calls of several rows", 256, 64, 11, 14, 3, 1, 1, 1)
	stem := add("stem", 3, 64, 15, 17, 7, 2, 1, 1)
	stem.In.Block = 3
	cases["stem, interleaved"] = stem
	return cases
}

func TestConv(t *testing.T) {
	for name, c := range convCases() {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			newConvCase(c, false, false, random).check(t)
			c.Activation = ReLU
			newConvCase(c, true, true, random).check(t)
		})
	}
}

func TestConvInterleaved(t *testing.T) {
	for in := 1; in <= 15; in += 2 {
		for _, stride := range []int{1, 2} {
			for _, dilation := range []int{1, 2} {
				c := Conv{
					In:      Layout{C: in, H: 15, W: 17, Halo: 6, Block: in},
					Out:     Layout{C: 64, H: 14/stride + 1, W: 16/stride + 1},
					KernelH: 7, KernelW: 7, Stride: stride, Dilation: dilation, PadTop: 3 * dilation, PadLeft: 3 * dilation,
				}
				newConvCase(c, true, false, rand.New(rand.NewPCG(3, 4))).check(t)
			}
		}
	}
}

func TestConvPadding(t *testing.T) {
	for top := range 3 {
		for left := range 3 {
			for _, groups := range []int{1, 32} {
				c := Conv{
					In:      Layout{C: 32, H: 6, W: 7, Halo: 3},
					Out:     Layout{C: 32, H: 7, W: 9 - left, Halo: 2},
					KernelH: 3, KernelW: 2, Groups: groups, PadTop: top, PadLeft: left,
				}
				newConvCase(c, true, false, rand.New(rand.NewPCG(5, 6))).check(t)
			}
		}
	}
}

// Padding may be wider than the kernel: then some outputs see none of the image.
func TestConvFarInThePadding(t *testing.T) {
	for _, groups := range []int{1, 16} {
		for _, dilation := range []int{1, 2} {
			c := Conv{
				In:      Layout{C: 16, H: 1, W: 2, Halo: 5},
				Out:     Layout{C: 16, H: 11 - 2*dilation, W: 12 - 2*dilation, Halo: 1},
				KernelH: 3, KernelW: 3, Dilation: dilation, Groups: groups, PadTop: 5, PadLeft: 5, Activation: ReLU,
			}
			newConvCase(c, true, true, rand.New(rand.NewPCG(15, 16))).check(t)
		}
	}
}

func TestConvEpilogue(t *testing.T) {
	for a := NoActivation; a <= Sigmoid; a++ {
		for _, groups := range []int{1, 20} {
			for _, residual := range []Layout{{}, {C: 20, H: 5, W: 6}, {C: 20, H: 5, W: 6, Halo: 3}} {
				c := Conv{
					In:      Layout{C: 20, H: 5, W: 6, Halo: 1},
					Out:     Layout{C: 20, H: 5, W: 6, Halo: 2},
					KernelH: 3, KernelW: 3, Groups: groups, PadTop: 1, PadLeft: 1,
					Residual: residual, Activation: a,
				}
				random := rand.New(rand.NewPCG(7, 8))
				newConvCase(c, true, true, random).check(t)
				newConvCase(c, false, false, random).check(t)
			}
		}
	}
}

func TestConvRejectsWhatItCannotDo(t *testing.T) {
	good := Conv{In: Layout{C: 16, H: 4, W: 4, Halo: 1}, Out: Layout{C: 16, H: 4, W: 4}, KernelH: 3, KernelW: 3, PadTop: 1, PadLeft: 1}
	k := newConvCase(good, false, false, rand.New(rand.NewPCG(11, 12)))
	w := k.pack()
	threads := NewThreads(1)
	defer threads.Close()
	src, dst := NewArena(good.In.Len()), NewArena(good.Out.Len())
	rejected := func(c Conv, dst, src, residual []float32) (yes bool) {
		defer func() { yes = recover() != nil }()
		c.Run(threads, dst, src, residual, w)
		return false
	}
	for name, change := range map[string]func(c *Conv){
		"another kernel":   func(c *Conv) { c.KernelW = 1 },
		"more inputs":      func(c *Conv) { c.In.C = 32 },
		"more outputs":     func(c *Conv) { c.Out.C = 17 },
		"groups":           func(c *Conv) { c.Groups = 2 },
		"interleaved":      func(c *Conv) { c.In.Block = 3 },
		"no halo":          func(c *Conv) { c.In.Halo = 0 },
		"too much padding": func(c *Conv) { c.PadLeft = 2 },
		"empty":            func(c *Conv) { c.Out.W = 0 },
		"too high":         func(c *Conv) { c.Out.H = 5 },
		"too wide":         func(c *Conv) { c.Out.W = 5 },
	} {
		c := good
		change(&c)
		if !rejected(c, make([]float32, 1<<12), make([]float32, 1<<12), nil) {
			t.Errorf("%s: accepted", name)
		}
	}
	if !rejected(good, dst[1:], src, nil) || !rejected(good, dst, src[1:], nil) || !rejected(good, dst, src, dst[1:]) {
		t.Error("short buffers: accepted")
	}
	if rejected(good, dst, src, dst) {
		t.Error("the convolution itself: rejected")
	}
	// Algorithms other than direct do not know dilation.
	for _, k := range []*convCase{winogradCases(rand.New(rand.NewPCG(11, 13)))[0], rowsCases(rand.New(rand.NewPCG(11, 14)))[0]} {
		w = k.pack()
		c := k.Conv
		c.Dilation, c.In.Halo, c.PadTop, c.PadLeft = 2, 6, 2*c.PadTop, 2*c.PadLeft
		if any := w.method == (direct{}); rejected(c, NewArena(c.Out.Len()), NewArena(c.In.Len()), nil) == any {
			t.Errorf("dilation, %T: direct convolution accepts dilation, no other", w.method)
		}
	}
}

func TestConvAllocatesNothing(t *testing.T) {
	square := func(kernel, groups int) Conv {
		return Conv{
			In: Layout{C: 32, H: 9, W: 9, Halo: 1}, Out: Layout{C: 32, H: 9, W: 9, Halo: 1},
			KernelH: kernel, KernelW: kernel, PadTop: kernel / 2, PadLeft: kernel / 2, Groups: groups, Activation: SiLU,
		}
	}
	wide := square(1, 1)
	wide.In.C, wide.Out.C = 64, 64
	small := square(3, 1) // four tiles
	small.In.H, small.In.W, small.Out.H, small.Out.W = 7, 7, 7, 7
	halved := small
	halved.In.H, halved.In.W, halved.Stride = 14, 14, 2
	first := Conv{
		In: Layout{C: 3, H: 12, W: 12, Halo: 3, Block: 3}, Out: Layout{C: 32, H: 6, W: 6},
		KernelH: 7, KernelW: 7, Stride: 2, PadTop: 3, PadLeft: 3, Activation: SiLU,
	}
	for _, c := range []struct {
		Conv
		algorithm Algorithm
	}{
		{square(3, 1), Direct}, {square(3, 2), Direct}, {square(3, 8), Direct}, {square(3, 32), Direct},
		{square(3, 1), Winograd2}, {square(3, 1), Winograd4}, {square(1, 1), Strassen}, {wide, Strassen2},
		{square(3, 2), Winograd4}, {square(3, 1), WinogradFour}, {small, WinogradFour}, {halved, WinogradFour},
		{first, WinogradRows},
	} {
		k := newConvCase(c.Conv, true, true, rand.New(rand.NewPCG(13, 14)))
		k.algorithm = c.algorithm
		for _, tier := range tiers() {
			restore := cpu.Force(tier)
			w, threads := k.pack(), NewThreads(2)
			dst, src := NewArena(c.Out.Len()), NewArena(c.In.Len())
			k.run(threads, w, dst, src, dst) // makes the workspace
			w.Prepare()
			if n := allocs.Least(10, func() { k.run(threads, w, dst, src, dst) }); n != 0 {
				t.Errorf("%v, algorithm %d, %d groups: %d allocations in ten runs", tier, c.algorithm, c.Groups, n)
			}
			threads.Close()
			restore()
		}
	}
}
