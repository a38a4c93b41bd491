package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// poolings are geometries of windows: inside the image, beyond each of its sides, and of
// the kernels for one of them.
var poolings = []Pool{
	{KernelH: 3, KernelW: 3, Stride: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1},
	{KernelH: 3, KernelW: 3, Stride: 2},
	{KernelH: 3, KernelW: 3, Stride: 2, PadTop: 2, PadBottom: 1, PadRight: 2},
	{KernelH: 2, KernelW: 2, Stride: 2},
	{KernelH: 3, KernelW: 2, Stride: 1, PadTop: 0, PadLeft: 1, PadBottom: 2, PadRight: 0},
	{KernelH: 5, KernelW: 5, Stride: 3, PadTop: 2, PadLeft: 2, PadBottom: 2, PadRight: 2},
	{KernelH: 1, KernelW: 1, Stride: 2},
	{KernelH: 2, KernelW: 2, Stride: 2, PadBottom: 1, PadRight: 1},
}

// A maximum is NaN if its window has one, wherever it lies and whatever is beside it, as
// PyTorch's is; no other window's is, and padding does not hide it.
func TestMaxPoolKeepsNaN(t *testing.T) {
	inf := float32(math.Inf(1))
	random := rand.New(rand.NewPCG(21, 22))
	threads := NewThreads(1)
	defer threads.Close()
	for _, tier := range tiers() {
		defer cpu.Force(tier)()
		for i, k := range append(poolings, Pool{KernelH: 6, KernelW: 9, Stride: 1}) { // the last is of the whole image
			k.Max = true
			k.In, k.Out = Layout{C: 18, H: 6, W: 9, Halo: i % 2}, Layout{C: 18, Halo: (i + 1) % 2}
			k.Out.H = CeilSize(k.In.H, k.KernelH, k.Stride, k.PadTop, k.PadBottom)
			k.Out.W = CeilSize(k.In.W, k.KernelW, k.Stride, k.PadLeft, k.PadRight)
			numbers, none, all := draw(random, k.In), draw(random, k.In), draw(random, k.In)
			for i := range none.v {
				none.v[i], all.v[i] = -inf, inf
			}
			dst := NewArena(k.Out.Len())
			for _, x := range []image{numbers, none, all} {
				src := x.blocked()
				check := func(at string) {
					k.Run(threads, dst, src)
					for c := range k.Out.C {
						for oy := range k.Out.H {
							for ox := range k.Out.W {
								got, want := dst[k.Out.at(c/blockChannels, oy, ox)+c%blockChannels], float32(naivePool(k, x, c, oy, ox))
								if got != want && (got == got || want == want) {
									t.Fatalf("%v, %+v, %s: channel %d of window %d, %d is %v, want %v", tier, k, at, c, oy, ox, got, want)
								}
							}
						}
					}
				}
				check("no NaN")
				for at, v := range x.v {
					c, y, w := at/(k.In.H*k.In.W), at/k.In.W%k.In.H, at%k.In.W
					lane := &src[k.In.at(c/blockChannels, y, w)+c%blockChannels]
					x.v[at], *lane = nans[at%len(nans)], nans[at%len(nans)]
					check(fmt.Sprintf("NaN in channel %d at %d, %d", c, y, w))
					x.v[at], *lane = v, v
				}
			}
		}
	}
}

// Rows after one with NaN are computed by the kernels again.
func TestNaNIsForgotten(t *testing.T) {
	row := 3 * blockChannels
	src, dst := NewArena(3*row), NewArena(blockChannels)
	p := Pool{KernelH: 3, KernelW: 3, Stride: 2, Max: true}
	rows := [3][]float32{src[blockChannels:], src[row+blockChannels:], src[2*row+blockChannels:]}
	for _, tier := range tiers() {
		if tier == cpu.Portable {
			continue
		}
		restore := cpu.Force(tier)
		for name, kernel := range map[string]func() bool{
			"any window": func() bool { return poolRow(dst, src, &p, row, 1, negativeInfinity, 1) },
			"3×3":        func() bool { return maxPool3Row(dst, rows, 1, true) },
		} {
			before := kernel()
			src[5] = nans[0]
			if met := kernel(); met && dst[5] == dst[5] {
				t.Errorf("%v, %s: NaN became %v", tier, name, dst[5])
			}
			src[5] = 0
			if kernel() != before {
				t.Errorf("%v, %s: NaN is remembered", tier, name)
			}
		}
		restore()
	}
}

func BenchmarkMaxPool(b *testing.B) {
	for _, tier := range tiers() {
		for _, size := range []struct{ channels, pixels, kernel, stride, pad int }{
			{64, 112, 3, 2, 1}, {16, 14, 3, 2, 1}, {64, 28, 3, 1, 1}, {64, 56, 2, 2, 0},
		} {
			b.Run(fmt.Sprint(tier, size), func(b *testing.B) {
				defer cpu.Force(tier)()
				in := Layout{C: size.channels, H: size.pixels, W: size.pixels, Halo: 1}
				out := in
				out.H = (size.pixels+2*size.pad-size.kernel)/size.stride + 1
				out.W = out.H
				pool := Pool{
					In: in, Out: out, Max: true, KernelH: size.kernel, KernelW: size.kernel, Stride: size.stride,
					PadTop: size.pad, PadLeft: size.pad, PadBottom: size.pad, PadRight: size.pad,
				}
				src, dst := NewArena(in.Len()), NewArena(out.Len())
				for i := range src {
					src[i] = float32(i*7919%1009) - 500
				}
				threads := NewThreads(1)
				defer threads.Close()
				threads.Begin()
				defer threads.End()
				b.SetBytes(int64(4 * len(src)))
				for b.Loop() {
					pool.Run(threads, dst, src)
				}
			})
		}
	}
}
