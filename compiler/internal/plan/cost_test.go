package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/runtime/kernel"
)

// layer is a convolution of kernel k to size×size pixels. Inputs of less than a block have
// a block of their own, as pictures do.
type layer struct{ in, out, size, k, stride, groups int }

func (l layer) plan() convolution {
	side := func(n int) shape.Dim { return shape.Const(n) }
	in := Layout{C: l.in, H: side(l.size * l.stride), W: side(l.size * l.stride), Halo: l.k / 2}
	in.Block = l.block()
	out := Layout{C: l.out, H: side(l.size), W: side(l.size), Halo: 1}
	o := op.Conv{Out: l.out, KernelH: l.k, KernelW: l.k, Stride: l.stride, Dilation: 1, Groups: l.groups}
	return convolution{o, in, out, Fast}
}

func (l layer) block() int {
	if l.in < blockChannels {
		return l.in
	}
	return 0
}

// The choices for the layers of the ResNets, each of which was measured on a processor
// of the tier, and of other networks, measured with two multipliers alone.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		layer
		want, x2 kernel.Algorithm
	}{
		{layer{64, 64, 56, 3, 1, 1}, kernel.Winograd4, kernel.Winograd4},
		{layer{128, 128, 28, 3, 1, 1}, kernel.Winograd4, kernel.Winograd4},
		{layer{256, 256, 14, 3, 1, 1}, kernel.Winograd4, kernel.Winograd4},
		{layer{512, 512, 7, 3, 1, 1}, kernel.WinogradFour, kernel.WinogradFour},
		{layer{128, 128, 28, 3, 2, 1}, kernel.Winograd4, kernel.Winograd4},
		{layer{256, 256, 14, 3, 2, 1}, kernel.Winograd4, kernel.Winograd2},
		{layer{512, 512, 7, 3, 2, 1}, kernel.WinogradFour, kernel.WinogradFour},
		{layer{512, 512, 9, 3, 1, 1}, kernel.Winograd2, kernel.Winograd2}, // nine tiles
		{layer{16, 16, 1, 3, 1, 1}, kernel.Direct, kernel.Direct},
		{layer{64, 64, 56, 1, 1, 1}, kernel.Direct, kernel.Direct},
		{layer{64, 256, 56, 1, 1, 1}, kernel.Direct, kernel.Direct}, // too few channels for what Strassen adds
		{layer{256, 64, 56, 1, 1, 1}, kernel.Direct, kernel.Direct},
		{layer{128, 256, 56, 1, 1, 1}, kernel.Strassen, kernel.Direct},
		{layer{256, 128, 56, 1, 1, 1}, kernel.Strassen, kernel.Direct},
		{layer{96, 576, 14, 1, 1, 1}, kernel.Direct, kernel.Direct},
		{layer{128, 512, 28, 1, 1, 1}, kernel.Strassen, kernel.Direct},
		{layer{512, 128, 28, 1, 1, 1}, kernel.Strassen, kernel.Direct},
		{layer{256, 1024, 14, 1, 1, 1}, kernel.Strassen2, kernel.Direct},
		{layer{256, 512, 28, 1, 1, 1}, kernel.Strassen2, kernel.Direct},
		{layer{1024, 256, 14, 1, 1, 1}, kernel.Strassen, kernel.Direct}, // of few outputs for the sums of two levels
		{layer{1024, 512, 14, 1, 1, 1}, kernel.Strassen2, kernel.Direct},
		{layer{512, 1024, 14, 1, 2, 1}, kernel.Strassen2, kernel.Direct},
		{layer{512, 2048, 7, 1, 1, 1}, kernel.Strassen, kernel.Direct}, // halves of four rows and three
		{layer{1024, 2048, 7, 1, 1, 1}, kernel.Strassen, kernel.Direct},
		{layer{1000, 256, 14, 1, 1, 1}, kernel.Direct, kernel.Direct},
		{layer{256, 256, 28, 3, 1, 32}, kernel.Direct, kernel.Direct}, // groups of half a block
		{layer{512, 512, 14, 3, 1, 32}, kernel.Winograd4, kernel.Direct},
		{layer{512, 512, 14, 3, 2, 32}, kernel.Direct, kernel.Direct},
		{layer{1024, 1024, 7, 3, 1, 32}, kernel.Direct, kernel.Direct},
		{layer{1024, 1024, 14, 3, 1, 32}, kernel.Winograd4, kernel.Winograd4}, // of ResNeXt-101, 32 channels a group
		{layer{16, 16, 32, 3, 1, 1}, kernel.Winograd4, kernel.Winograd4},
		{layer{16, 32, 16, 3, 2, 1}, kernel.Winograd4, kernel.Direct},
		{layer{32, 32, 16, 3, 1, 1}, kernel.Winograd4, kernel.Winograd4},
		{layer{32, 64, 8, 3, 2, 1}, kernel.WinogradFour, kernel.WinogradFour},
		{layer{64, 64, 8, 3, 1, 1}, kernel.WinogradFour, kernel.WinogradFour},
		{layer{3, 64, 112, 7, 2, 1}, kernel.WinogradRows, kernel.WinogradRows},
	} {
		if got := costs16.cheapest(c.plan()); got != c.want {
			t.Errorf("%+v: %s, want %s", c.layer, got.Name(), c.want.Name())
		}
		if got := costs32.cheapest(c.plan()); got != c.x2 {
			t.Errorf("%+v, with two multipliers: %s, want %s", c.layer, got.Name(), c.x2.Name())
		}
	}
}

// A first convolution of few channels has Winograd's algorithm along rows, where its kernel
// is the ResNets'.
func TestChooseFirst(t *testing.T) {
	for _, c := range []struct {
		channels, kernel, stride int
		want                     kernel.ByTier
	}{
		{3, 7, 2, kernel.ByTier{AVX512: kernel.WinogradRows}},
		{1, 7, 2, kernel.ByTier{}}, // too few products for what is added to them
		{3, 7, 1, kernel.ByTier{}},
		{3, 3, 2, kernel.ByTier{}},
		{8, 7, 2, kernel.ByTier{}},
	} {
		conv := layer{c.channels, 64, 112, c.kernel, c.stride, 1}.plan()
		conv.memory = Small
		if got := choose(conv); got != c.want {
			t.Errorf("%d channels, kernel %d, stride %d: %v, want %v", c.channels, c.kernel, c.stride, got, c.want)
		}
	}
}

// An image whose size varies is not always four tiles.
func TestChooseRange(t *testing.T) {
	c := layer{512, 512, 7, 3, 1, 1}.plan()
	side := shape.Var(&shape.Range{Low: 4, High: 7, Step: 1})
	c.in.H, c.in.W, c.out.H, c.out.W = side, side, side, side
	if got := costs32.cheapest(c); got != kernel.Winograd2 {
		t.Errorf("4 to 7 pixels: %s", got.Name())
	}
}

// Small filters are those of direct convolution and Strassen's algorithm, and of
// Winograd's in one group.
func TestChooseSmall(t *testing.T) {
	for l, want := range map[layer]kernel.Algorithm{
		{64, 64, 56, 3, 1, 1}:    kernel.Winograd4,
		{64, 64, 8, 3, 1, 1}:     kernel.WinogradFour,
		{1024, 512, 14, 1, 1, 1}: kernel.Strassen2,
		{512, 512, 14, 3, 1, 32}: kernel.Direct,
	} {
		c := l.plan()
		c.memory = Small
		if got := costs16.cheapest(c); got != want {
			t.Errorf("%+v: %s, want %s", l, got.Name(), want.Name())
		}
	}
}

// A choice names tiers only where kernel.ByTier would mean something else.
func TestChooseTiers(t *testing.T) {
	for l, want := range map[layer]string{
		{64, 64, 56, 1, 1, 1}:    "direct; direct; direct; direct",
		{64, 64, 56, 3, 1, 1}:    "AVX512 AVX2 NEON; winograd F(4x4); winograd F(4x4); winograd F(4x4)",
		{512, 128, 28, 1, 1, 1}:  "AVX512 AVX512x2 AVX2; strassen; direct; direct",
		{64, 64, 8, 3, 1, 1}:     "AVX512 AVX2 NEON; winograd F(4x4), 4 tiles; winograd F(4x4), 4 tiles; winograd F(4x4)",
		{512, 512, 14, 3, 1, 32}: "AVX512 AVX512x2 AVX2 NEON; winograd F(4x4); direct; winograd F(4x4)",
	} {
		choice := choose(l.plan())
		c := Call{Kernel: Conv{}, Weights: &Weights{Spec: kernel.FilterSpec{Algorithm: choice}}}
		names := []string{"direct"}
		if choice != (kernel.ByTier{}) {
			names = nil
		}
		for _, f := range Fields(choice) {
			names = append(names, f.Name)
		}
		if got := fmt.Sprintf("%s; %s; %s; %s", strings.Join(names, " "), c.Algorithm("avx512"), c.Algorithm("avx512x2"), c.Algorithm("neon")); got != want {
			t.Errorf("%+v: %s\nwant %s", l, got, want)
		}
	}
}

// Each algorithm of the runtime has a row here, and each row an algorithm.
func TestAlgorithmsHaveCosts(t *testing.T) {
	var rows []kernel.Algorithm
	for _, a := range algorithms {
		rows = append(rows, a.Algorithm)
	}
	slices.Sort(rows)
	if all := kernel.Algorithms(); !slices.Equal(rows, all) {
		t.Errorf("rows of costs for %v, but the algorithms are %v", rows, all)
	}
}

// What is chosen for a tier its kernels can pack: of the tier that the tests run on.
func TestChosenPacks(t *testing.T) {
	for _, in := range []int{1, 3, 4, 8, 16, 40, 64, 512} {
		for _, out := range []int{8, 64, 100, 512} {
			for _, size := range []int{1, 4, 5, 7, 8, 9, 14, 56} {
				for _, k := range []int{1, 3, 7} {
					for _, stride := range []int{1, 2} {
						for _, groups := range []int{1, 4} {
							l := layer{in, out, size, k, stride, groups}
							if in%groups != 0 || out%groups != 0 {
								continue
							}
							for _, m := range []Memory{Fast, Small} {
								l.pack(t, m)
							}
						}
					}
				}
			}
		}
	}
}

// pack packs zeros by the algorithm chosen.
func (l layer) pack(t *testing.T, m Memory) {
	c := l.plan()
	c.memory = m
	spec := c.spec()
	spec.Algorithm = choose(c)
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%+v, %s: %+v: %v", l, m, spec.Algorithm, r)
		}
	}()
	spec.Size()
}

// BenchmarkCost compares the model with measurement on one thread, for the tier of the
// processor or RESC_TIER. Filters are taken by turns, so that they come from memory or
// the cache that cores share, as in a network. The cost in milliseconds is that of a
// core with the peak that is measured first.
func BenchmarkCost(b *testing.B) {
	var layers []layer
	for stage, size := range []int{56, 28, 14, 7} {
		c := 64 << stage
		layers = append(layers, layer{c, c, size, 3, 1, 1}, layer{4 * c, c, size, 1, 1, 1}, layer{c, 4 * c, size, 1, 1, 1},
			layer{4 * c, 2 * c, size, 1, 1, 1}, layer{2 * c, 4 * c, size, 1, 1, 1})
		if stage > 0 {
			layers = append(layers,
				layer{c / 2, c, size, 3, 2, 1}, layer{c, c, size, 3, 2, 1},
				layer{c, 2 * c, size, 1, 2, 1}, layer{2 * c, 4 * c, size, 1, 2, 1},
			)
		}
	}
	layers = append(layers, layer{512, 512, 14, 3, 1, 32}, layer{512, 512, 14, 3, 2, 32}, layer{1024, 1024, 7, 3, 1, 32}, layer{1024, 1024, 7, 3, 2, 32})
	layers = append(layers, layer{3, 64, 112, 7, 2, 1})
	for _, c := range []int{16, 32, 64} { // CIFAR's
		layers = append(layers, layer{c, c, 512 / c, 3, 1, 1}, layer{c, 2 * c, 256 / c, 3, 2, 1})
	}
	model := &costs16
	switch kernel.Tier() {
	case "avx512x2":
		model = &costs32
	case "avx2":
		model = &costsAVX2
	}
	multiplications := kernel.MeasurePeak(200*time.Millisecond) / 32 * 1e6 // of 16 channels in a millisecond
	for _, l := range layers {
		c := l.plan()
		for _, a := range algorithms {
			if !a.Suits(c.spec(), model.tier) || !a.tries(model, c) {
				continue
			}
			b.Run(fmt.Sprintf("%d-%d@%d_%dx%d_stride%d_groups%d/%s", l.in, l.out, l.size, l.k, l.k, l.stride, l.groups, a.Name()), func(b *testing.B) {
				cost := a.cost(model, c) / multiplications
				measured := l.measure(b, a.Algorithm)
				b.ReportMetric(cost, "ms-model")
				b.ReportMetric(measured, "ms-measured")
				b.ReportMetric(cost/measured, "model/measured")
			})
		}
	}
}

// measure is the best time of a layer in milliseconds.
func (l layer) measure(b *testing.B, a kernel.Algorithm) float64 {
	c := kernel.Conv{
		In:      kernel.Layout{C: l.in, H: l.size * l.stride, W: l.size * l.stride, Halo: l.k / 2, Block: l.block()},
		Out:     kernel.Layout{C: l.out, H: l.size, W: l.size, Halo: 1},
		KernelH: l.k, KernelW: l.k, Stride: l.stride, Groups: l.groups, PadTop: l.k / 2, PadLeft: l.k / 2, Activation: kernel.ReLU,
	}
	spec := l.plan().spec()
	spec.Algorithm = kernel.ByTier{AVX512: a, AVX2: a}
	weight := make([]float32, l.in*l.out/l.groups*l.k*l.k)
	filters := []*kernel.Filter{spec.Pack(weight, nil)}
	for size := filters[0].Bytes(); len(filters)*size < 64<<20; {
		filters = append(filters, spec.Pack(weight, nil))
	}
	t := kernel.NewThreads(1)
	defer t.Close()
	src, dst := kernel.NewArena(c.In.Len()), kernel.NewArena(c.Out.Len())
	for _, f := range filters {
		c.Run(t, dst, src, nil, f)
	}
	for _, f := range filters {
		f.Prepare()
	}
	kernel.UseLargePages()
	best := time.Hour
	for b.Loop() {
		for _, f := range filters {
			start := time.Now()
			c.Run(t, dst, src, nil, f)
			best = min(best, time.Since(start))
		}
	}
	return float64(best) / 1e6
}
