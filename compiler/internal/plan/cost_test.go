package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/runtime/kernel"
)

// layer is a convolution of kernel k to size×size pixels.
type layer struct{ in, out, size, k, stride, groups int }

func (l layer) plan() (o op.Conv, in, out Layout) {
	side := func(n int) shape.Dim { return shape.Const(n) }
	in = Layout{C: l.in, H: side(l.size * l.stride), W: side(l.size * l.stride), Halo: l.k / 2}
	out = Layout{C: l.out, H: side(l.size), W: side(l.size), Halo: 1}
	return op.Conv{Out: l.out, KernelH: l.k, KernelW: l.k, Stride: l.stride, Dilation: 1, Groups: l.groups}, in, out
}

// The choices for the layers of the ResNets, each of which was measured.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		layer
		want Word
	}{
		{layer{64, 64, 56, 3, 1, 1}, "Winograd4"},
		{layer{128, 128, 28, 3, 1, 1}, "Winograd4"},
		{layer{256, 256, 14, 3, 1, 1}, "Winograd4"},
		{layer{512, 512, 7, 3, 1, 1}, "Winograd2"}, // a filter of F(4×4) would come from memory too slowly
		{layer{128, 128, 28, 3, 2, 1}, "Winograd4"},
		{layer{256, 256, 14, 3, 2, 1}, "Winograd4"},
		{layer{512, 512, 7, 3, 2, 1}, "Winograd2"},
		{layer{16, 16, 1, 3, 1, 1}, "Direct"},
		{layer{64, 64, 56, 1, 1, 1}, "Direct"},
		{layer{64, 256, 56, 1, 1, 1}, "Direct"}, // too few channels for what Strassen adds
		{layer{256, 64, 56, 1, 1, 1}, "Direct"},
		{layer{128, 256, 56, 1, 1, 1}, "Strassen"},
		{layer{256, 128, 56, 1, 1, 1}, "Strassen"},
		{layer{96, 576, 14, 1, 1, 1}, "Direct"},
		{layer{128, 512, 28, 1, 1, 1}, "Strassen"},
		{layer{512, 128, 28, 1, 1, 1}, "Strassen"},
		{layer{256, 1024, 14, 1, 1, 1}, "Strassen2"},
		{layer{256, 512, 28, 1, 1, 1}, "Strassen2"},
		{layer{1024, 256, 14, 1, 1, 1}, "Strassen"}, // of few outputs for the sums of two levels
		{layer{1024, 512, 14, 1, 1, 1}, "Strassen2"},
		{layer{512, 1024, 14, 1, 2, 1}, "Strassen2"},
		{layer{512, 2048, 7, 1, 1, 1}, "Strassen"}, // halves of four rows and three
		{layer{1024, 2048, 7, 1, 1, 1}, "Strassen"},
		{layer{1000, 256, 14, 1, 1, 1}, "Direct"},
		{layer{256, 256, 28, 3, 1, 32}, "Direct"}, // groups of half a block
		{layer{512, 512, 14, 3, 1, 32}, "Winograd4"},
		{layer{512, 512, 14, 3, 2, 32}, "Direct"},
		{layer{1024, 1024, 7, 3, 1, 32}, "Direct"},
	} {
		o, in, out := c.plan()
		if got := cheapest(o, in, out, Fast); got != c.want {
			t.Errorf("%+v: %s, want %s", c.layer, got, c.want)
		}
	}
}

// Small filters are those of direct convolution and Strassen's algorithm, and of
// Winograd's in one group.
func TestChooseSmall(t *testing.T) {
	for l, want := range map[layer]Word{
		{64, 64, 56, 3, 1, 1}:    "Winograd4",
		{1024, 512, 14, 1, 1, 1}: "Strassen2",
		{512, 512, 14, 3, 1, 32}: "Direct",
	} {
		o, in, out := l.plan()
		if got := cheapest(o, in, out, Small); got != want {
			t.Errorf("%+v: %s, want %s", l, got, want)
		}
	}
}

// BenchmarkCost compares the model with measurement on one thread. Where filters
// of 3×3 are large they are taken by turns, so that they come from memory as in a
// network. The cost in milliseconds is that of a core that does 3.69e9
// multiplications of 16 channels in a second, which has a peak of 118 GFLOP/s.
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
	algorithms := map[Word]kernel.Algorithm{"Direct": kernel.Direct, "Winograd2": kernel.Winograd2, "Winograd4": kernel.Winograd4, "Strassen": kernel.Strassen, "Strassen2": kernel.Strassen2}
	for _, l := range layers {
		others := []Word{"Direct", "Strassen", "Strassen2"}
		if l.k == 3 {
			others = []Word{"Direct", "Winograd2", "Winograd4"}
		}
		for _, w := range others {
			b.Run(fmt.Sprintf("%d-%d@%d_%dx%d_stride%d_groups%d/%s", l.in, l.out, l.size, l.k, l.k, l.stride, l.groups, w), func(b *testing.B) {
				o, in, out := l.plan()
				model := costOf(w, o, in, out) / 3.69e6
				measured := l.measure(b, algorithms[w])
				b.ReportMetric(model, "ms-model")
				b.ReportMetric(measured, "ms-measured")
				b.ReportMetric(model/measured, "model/measured")
			})
		}
	}
}

// measure is the best time of a layer in milliseconds.
func (l layer) measure(b *testing.B, a kernel.Algorithm) float64 {
	c := kernel.Conv{
		In:      kernel.Layout{C: l.in, H: l.size * l.stride, W: l.size * l.stride, Halo: l.k / 2},
		Out:     kernel.Layout{C: l.out, H: l.size, W: l.size, Halo: 1},
		KernelH: l.k, KernelW: l.k, Stride: l.stride, Groups: l.groups, PadTop: l.k / 2, PadLeft: l.k / 2, Activation: kernel.ReLU,
	}
	spec := kernel.FilterSpec{In: l.in, Out: l.out, KernelH: l.k, KernelW: l.k, Stride: l.stride, Groups: l.groups, Algorithm: kernel.ByTier{AVX512: a, AVX2: a}}
	weight := make([]float32, l.in*l.out/l.groups*l.k*l.k)
	filters := []*kernel.Filter{spec.Pack(weight, nil)}
	for size := filters[0].Bytes(); l.k == 3 && len(filters)*size < 64<<20; {
		filters = append(filters, spec.Pack(weight, nil))
	}
	t := kernel.NewThreads(1)
	defer t.Close()
	src, dst := kernel.NewArena(c.In.Len()), kernel.NewArena(c.Out.Len())
	for _, f := range filters {
		c.Run(t, dst, src, nil, f)
	}
	kernel.Settle()
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
