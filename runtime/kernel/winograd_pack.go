package kernel

import (
	"sync"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// packWinograd transforms a filter to matrices, each in the order in which the
// kernels of products read it:
//
//	[matrix][output block][input channel][16]
//
// with channels that do not exist zero. The matrices are in the order of their use.
func packWinograd(s FilterSpec, m int, weight []float32, tier cpu.Level) []float32 {
	points := newWinogradPoints(m, s.Stride)
	ins, outs := blocksOf(s.In)*blockChannels, blocksOf(s.Out)
	size := outs * ins * blockChannels
	packed := NewArena(points.filters() * size)
	var done sync.WaitGroup
	for out := range outs {
		done.Go(func() {
			k := filterTransform{winogradPoints: points, spec: s, tier: tier, size: size, out: out, matrices: packed[out*ins*blockChannels:]}
			k.run(weight)
		})
	}
	done.Wait()
	return packed
}

// filterTransform transforms the filters of one output block.
type filterTransform struct {
	winogradPoints
	spec     FilterSpec
	tier     cpu.Level
	out      int       // the block
	size     int       // of a matrix
	matrices []float32 // from the block in the first on

	taps [9]lanes // of an input channel
	half [6 * 3]lanes
}

// run takes one input channel after another, whose filters for the block lie side
// by side when they are packed.
func (k *filterTransform) run(weight []float32) {
	s := k.spec
	first := k.out * blockChannels
	for i := range s.In {
		for lane := range min(blockChannels, s.Out-first) {
			filter := (*[9]float32)(weight[((first+lane)*s.In+i)*9:])
			for tap, v := range filter {
				k.taps[tap][lane] = v
			}
		}
		k.channel(k.matrices[i*blockChannels:])
	}
}

// channel transforms the taps of an input channel, first along the columns and
// then along the rows of the kernel, to matrices that are size apart.
func (k *filterTransform) channel(matrices []float32) {
	evens := 1 // from a tap of the transform to the next
	if k.stride == 2 {
		evens = 2
	}
	k.evaluate(transform{
		dst: flat(k.half[:]), dstStep: 3 * blockChannels, dstNext: blockChannels,
		src: flat(k.taps[:]), srcStep: evens * 3 * blockChannels, srcNext: blockChannels, count: 3,
	})
	for i := range k.n {
		k.row(matrices, i*k.n, k.n*k.n+i, k.half[3*i:])
	}
	if k.stride == 2 {
		odd := k.n*k.n + k.n
		k.row(matrices, odd, odd+k.n, k.taps[3:])
	}
}

// row transforms a row of taps to n matrices from one on, and with stride 2 keeps
// the middle one as another.
func (k *filterTransform) row(matrices []float32, first, middle int, taps []lanes) {
	evens := 1
	if k.stride == 2 {
		evens = 2
		copy(matrices[middle*k.size:], taps[1][:])
	}
	k.evaluate(transform{
		dst: matrices[first*k.size:], dstStep: k.size,
		src: flat(taps), srcStep: evens * blockChannels, count: 1,
	})
}

// flat is the floats of blocks that lie side by side.
func flat(v []lanes) []float32 { return unsafe.Slice(&v[0][0], len(v)*blockChannels) }

func (k *filterTransform) evaluate(t transform) {
	t.lines = 1
	t.run(k.tier, asm.NewTransform(asm.Taps, k.stride, k.m, k.m))
}
