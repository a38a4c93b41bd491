package kernel

import (
	"fmt"
	"slices"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// Averages and transfers stay within their buffers, and give the same bits at
// any address: an access beyond either end is a fault that ends the test.
func TestRowsStayInTheirBuffers(t *testing.T) {
	for _, l := range []Layout{
		{C: 16, H: 1, W: 1}, {C: 20, H: 7, W: 7}, {C: 33, H: 9, W: 8}, {C: 16, H: 3, W: 70}, {C: 48, H: 65, W: 1},
	} {
		for _, tier := range tiers() {
			t.Run(fmt.Sprintf("%+v %v", l, tier), func(t *testing.T) {
				defer cpu.Force(tier)()
				threads := NewThreads(2)
				defer threads.Close()
				image := NewArena(l.C * l.H * l.W)
				for i := range image {
					image[i] = float32(i%23) - 11
				}
				colours := Layout{C: 3, H: l.H, W: l.W, Block: 3}
				values, average := NewArena(l.Len()), NewArena(blocksOf(l.C)*blockChannels)
				pixels := NewArena(colours.Len())
				pool := Pool{In: l, Max: true, KernelH: 3, KernelW: 3, Stride: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1}
				pool.Out = Layout{C: l.C, H: (l.H + 1) / 2, W: (l.W + 1) / 2}
				largest := NewArena(pool.Out.Len())
				kernels := func(image, values, average, pixels, largest []float32) {
					Import{Out: l}.Run(threads, values, image)
					pool.Run(threads, largest, values)
					GlobalAverage{In: l, Out: Layout{C: l.C, H: 1, W: 1}}.Run(threads, average, values)
					Import{Out: colours}.Run(threads, pixels, image[len(image)-3*l.H*l.W:])
				}
				kernels(image, values, average, pixels, largest)
				for _, after := range []bool{false, true} {
					src := guarded(t, len(image), after)
					copy(src, image)
					v, a, p := guarded(t, len(values), after), guarded(t, len(average), after), guarded(t, len(pixels), after)
					m := guarded(t, len(largest), after)
					kernels(src, v, a, p, m)
					if !slices.Equal(v, values) || !slices.Equal(a, average) || !slices.Equal(p, pixels) || !slices.Equal(m, largest) {
						t.Error("other bits in other memory")
					}
				}
			})
		}
	}
}
