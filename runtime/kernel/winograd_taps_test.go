package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// TestProductTaps has each kernel that multiplies and transforms do both, and compares
// with the kernels that do one of them: the same bits, and nothing beside them.
func TestProductTaps(t *testing.T) {
	const ins, tiles, channels = 3, 16, 2 // channels transformed, in the first of the blocks
	random := rand.New(rand.NewPCG(31, 32))
	draw := func(n int) []float32 {
		v := NewArena(n)
		for i := range v {
			v[i] = random.Float32()*2 - 1
		}
		return v
	}
	tried := 0
	for _, stride := range []int{1, 2} {
		p := newWinogradPoints(4, stride)
		taps, weights, points := draw(9*blockSquare), draw(ins*blockSquare), draw(ins*tiles*blockChannels)
		size := blockSquare + blockChannels
		whole := NewArena(p.filters() * size)
		for n := range tiles + 1 {
			if !transformsTaps(cpu.Kernels(), 4, n) {
				continue
			}
			tried++
			got, want := draw(n*blockChannels), make([]float32, n*blockChannels)
			copy(want, got)
			a := asm.ProductTaps{Product: asm.Product{
				Src: unsafe.Pointer(&points[0]), Weights: unsafe.Pointer(&weights[0]),
				Outs: 1, Ins: ins, SrcBlock: (tiles - 1) * blockBytes, Accumulate: 1,
			}}
			filterTaps(cpu.Kernels(), stride, 4, &asm.FilterTaps{Dst: unsafe.Pointer(&whole[0]), DstStep: size * floatBytes, Src: unsafe.Pointer(&taps[0]), Blocks: 1})
			matrices := NewArena(len(whole))
			for portion := range asm.TapPortions {
				for _, channel := range []int{0, 5} {
					at := channel * blockChannels
					a.Next = asm.FilterTaps{Dst: unsafe.Pointer(&matrices[at]), DstStep: size * floatBytes, Src: unsafe.Pointer(&taps[at])}
					a.Channels = channels
					a.Dst = unsafe.Pointer(&got[0])
					productTaps(stride, portion, n, &a)
					a.Dst = unsafe.Pointer(&want[0])
					product(cpu.Kernels(), n, &a.Product)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("stride %d, %d tiles: products differ", stride, n)
			}
			for i := range matrices {
				channel, w := i%size/blockChannels, whole[i]
				if channel >= channels && (channel < 5 || channel >= 5+channels) {
					w = 0
				}
				if matrices[i] != w {
					t.Fatalf("stride %d, %d tiles: matrix %d, channel %d: got %g, want %g", stride, n, i/size, channel, matrices[i], w)
				}
			}
		}
	}
	if tried == 0 {
		t.Skipf("tier %v has no such kernels", cpu.Kernels())
	}
}
