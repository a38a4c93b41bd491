package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// benchLayers are the convolutions of the ResNets of four stages, at 224×224.
func benchLayers() []struct {
	name string
	Conv
	residual bool
} {
	type layer = struct {
		name string
		Conv
		residual bool
	}
	conv := func(name string, in, out, size, k, stride, groups int, residual bool) layer {
		c := Conv{
			In:      Layout{C: in, H: size, W: size, Halo: k / 2},
			Out:     Layout{C: out, H: size / stride, W: size / stride, Halo: 1},
			KernelH: k, KernelW: k, Stride: stride, Groups: groups, PadTop: k / 2, PadLeft: k / 2, Activation: ReLU,
		}
		if k == 1 {
			c.In.Halo, c.Out.Halo = 1, 1
		}
		if in < blockChannels {
			c.In.Block = in
		}
		return layer{name, c, residual}
	}
	layers := []layer{conv("stem", 3, 64, 224, 7, 2, 1, false)}
	for stage, size := range []int{56, 28, 14, 7} {
		width := 64 << stage
		layers = append(layers,
			conv("3x3", width, width, size, 3, 1, 1, false),
			conv("3x3+residual", width, width, size, 3, 1, 1, true),
			conv("squeeze", 4*width, width, size, 1, 1, 1, false),
			conv("widen", width, 4*width, size, 1, 1, 1, true),
		)
		if stage > 0 {
			layers = append(layers,
				conv("3x3/2", width/2, width, 2*size, 3, 2, 1, false),
				conv("3x3/2", width, width, 2*size, 3, 2, 1, false),
				conv("project/2", 2*width, 4*width, 2*size, 1, 2, 1, false),
				conv("squeeze", 2*width, width, 2*size, 1, 1, 1, false),
			)
		} else {
			layers = append(layers,
				conv("1x1", 64, 64, 56, 1, 1, 1, false),
				conv("project", 64, 256, 56, 1, 1, 1, false),
				conv("project", 128, 512, 28, 1, 1, 1, false), conv("project", 256, 1024, 14, 1, 1, 1, false), conv("project", 512, 2048, 7, 1, 1, 1, false),
			)
		}
	}
	return append(layers,
		conv("widen", 128, 256, 56, 1, 1, 1, true),
		conv("resnext", 128, 128, 56, 3, 1, 32, false),
		conv("resnext", 256, 256, 28, 3, 1, 32, false),
		conv("resnext", 512, 512, 14, 3, 1, 32, false),
		conv("resnext", 1024, 1024, 7, 3, 1, 32, false),
		conv("depthwise", 96, 96, 112, 3, 2, 96, false),
		conv("depthwise", 144, 144, 56, 3, 1, 144, false),
		conv("depthwise", 384, 384, 14, 3, 1, 384, false),
		conv("depthwise", 960, 960, 7, 3, 1, 960, false),
	)
}

// BenchmarkConv reports the speed of layers on one thread, and what part it is
// of the core's peak. Multiplications by padding count, as they do in a
// network's published costs, so that leaving them out can exceed the peak.
func BenchmarkConv(b *testing.B) {
	for _, tier := range tiers()[1:] {
		restore := cpu.Force(tier)
		peak := MeasurePeak(100 * time.Millisecond)
		for _, l := range benchLayers() {
			name := fmt.Sprintf("%v/%s_%d-%d@%d", tier, l.name, l.In.C, l.Out.C, l.Out.H)
			b.Run("direct/"+name, func(b *testing.B) { benchmarkConv(b, l.Conv, Direct, l.residual, peak) })
			if l.KernelH == 1 {
				b.Run("strassen/"+name, func(b *testing.B) { benchmarkConv(b, l.Conv, Strassen, l.residual, peak) })
				b.Run("strassen2/"+name, func(b *testing.B) { benchmarkConv(b, l.Conv, Strassen2, l.residual, peak) })
			}
			if l.KernelH == 3 && l.In.C/l.Groups%blockChannels == 0 {
				b.Run("F2/"+name, func(b *testing.B) { benchmarkConv(b, l.Conv, Winograd2, l.residual, peak) })
				b.Run("F4/"+name, func(b *testing.B) { benchmarkConv(b, l.Conv, Winograd4, l.residual, peak) })
			}
		}
		restore()
	}
}

func benchmarkConv(b *testing.B, c Conv, algorithm Algorithm, residual bool, peak float64) {
	k := newConvInput(c, true, residual, rand.New(rand.NewPCG(1, 2)))
	k.algorithm = algorithm
	w, threads := k.pack(), NewThreads(1)
	defer threads.Close()
	dst, src := NewArena(c.Out.Len()), NewArena(c.In.Len())
	var added []float32
	if residual {
		added = dst
	}
	k.run(threads, w, dst, src, added)
	UseLargePages()
	w.Prepare()
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		threads.Begin()
		c.Run(threads, dst, src, added, w)
		threads.End()
		best = min(best, time.Since(start))
	}
	products := c.Out.H * c.Out.W * c.Out.C * c.In.C / max(c.Groups, 1) * c.KernelH * c.KernelW
	speed := 2 * float64(products) / best.Seconds() / 1e9
	b.ReportMetric(speed, "GFLOP/s")
	b.ReportMetric(100*speed/peak, "%peak")
	b.ReportMetric(float64(best.Microseconds()), "µs-best")
}
