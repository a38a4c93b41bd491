package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/resc-lang/resc/internal/allocs"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// winogradCases are convolutions by both sizes of Winograd's algorithm and by taps, over
// widths and heights that leave tiles over on each side, with paddings, residuals
// and activations.
func winogradCases(random *rand.Rand) []*convCase {
	var cases []*convCase
	sizes := [][4]int{ // channels in and out, height, width
		{16, 16, 1, 1}, {17, 33, 5, 7}, {40, 64, 14, 14}, {64, 128, 7, 7}, {16, 80, 9, 30}, {48, 16, 13, 4}, {16, 32, 3, 150}, {32, 16, 6, 2},
		{64, 64, 14, 14}, {64, 128, 7, 6}, {96, 96, 5, 9},
		{170, 176, 6, 7}, {137, 480, 5, 4}, // kept as taps, the first by F(4×4) alone
	}
	four := [][4]int{ // four tiles, but for the last ones
		{32, 48, 7, 7}, {17, 33, 5, 5}, {64, 64, 8, 8}, {96, 20, 6, 6}, {160, 16, 7, 7}, {48, 32, 7, 6}, {16, 32, 14, 14}, {16, 16, 2, 2},
	}
	groups := map[int]int{8: 4, 9: 4, 10: 3} // of the first sizes that have several
	for _, algorithm := range []Algorithm{Winograd2, Winograd4, WinogradFour} {
		if algorithm == WinogradFour {
			sizes, groups = four, nil
		}
		for i, size := range sizes {
			for variant := range 8 {
				if testing.Short() && size[0]*size[1] > 1<<14 && variant%3 > 0 {
					continue // the definition takes long
				}
				stride := variant/4 + 1
				variant %= 4
				c := Conv{
					In:      Layout{C: size[0], H: size[2] * stride, W: size[3] * stride, Halo: 1 + variant%2},
					Out:     Layout{C: size[1], H: size[2], W: size[3], Halo: (i + variant) % 3},
					KernelH: 3, KernelW: 3, Stride: stride, Groups: groups[i], PadTop: 1, PadLeft: 1,
					Activation: activations[(i+variant)%len(activations)],
				}
				if stride == 2 && variant == 1 { // odd sides
					c.In.H--
					c.In.W--
				}
				if variant == 3 && size[2] > 2 && size[3] > 2 {
					c.PadTop, c.PadLeft = 0, 1 // asymmetric
					c.Out.H, c.Out.W = size[2]-1, size[3]
				}
				k := newConvInput(c, variant != 2, variant%2 == 1, random)
				k.algorithm = algorithm
				k.asTaps = variant == 1
				for i := range k.weight {
					k.weight[i] /= float32(math.Sqrt(float64(3 * size[0]))) // sums of about 1, whose rounding is small
				}
				k.want = k.naive()
				cases = append(cases, k)
			}
		}
	}
	return cases
}

// TestWinograd compares both sizes with the definition.
func TestWinograd(t *testing.T) {
	for _, k := range winogradCases(rand.New(rand.NewPCG(21, 22))) {
		t.Run(fmt.Sprintf("%+v %d", k.Conv, k.algorithm), k.check)
	}
}

// TestPrepare has a filter prepared by several goroutines while it is in use: once, and
// without a run that allocates.
func TestPrepare(t *testing.T) {
	if cpu.Kernels() == cpu.Portable {
		t.Skip("the portable tier has no such filters")
	}
	random := rand.New(rand.NewPCG(23, 24))
	c := Conv{In: Layout{C: 272, H: 4, W: 4, Halo: 1}, Out: Layout{C: 256, H: 4, W: 4}, KernelH: 3, KernelW: 3, PadTop: 1, PadLeft: 1}
	k := newConvInput(c, false, false, random)
	k.algorithm = Winograd2
	w := k.pack()
	if pays := w.expansion != nil; pays != matricesPay(w.tier) {
		t.Errorf("there may be matrices: %t", pays)
	}
	w.expansion = new(expansion)
	threads := NewThreads(2)
	defer threads.Close()
	dst, src := NewArena(c.Out.Len()), NewArena(c.In.Len())
	k.run(threads, w, dst, src, nil)
	if w.matrices() != nil {
		t.Error("there are matrices after the first run")
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(w.Prepare)
	}
	k.run(threads, w, dst, src, nil)
	all.Wait()
	made := w.matrices()
	if made == nil {
		t.Fatal("there are no matrices")
	}
	if w.Prepare(); &w.matrices()[0] != &made[0] {
		t.Error("the matrices were made again")
	}
	if n := allocs.Least(10, func() { k.run(threads, w, dst, src, nil) }); n != 0 {
		t.Errorf("%d allocations in ten runs with matrices", n)
	}
}
