package kernel

import (
	"sync"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// matrixSize is that of one of the matrices that a group's filter is transformed to,
// each in the order in which the kernels of products read it:
//
//	[group][matrix][output block][input channel][16]
//
// with channels that do not exist zero. The matrices are in the order of their use.
func (s FilterSpec) matrixSize() int {
	return s.groupOuts() * blocksOf(s.In/s.Groups) * blockChannels * blockChannels
}

// groupOuts is the number of output blocks of a group.
func (s FilterSpec) groupOuts() int { return blocksOf(s.Out / s.Groups) }

// packWinograd transforms the filter to matrices.
func (f *Filter) packWinograd(rows Rows) {
	outs, size := f.spec.groupOuts(), f.spec.matrixSize()
	points := newWinogradPoints(f.algorithm.winogradSize(), f.spec.Stride)
	var done sync.WaitGroup
	for out := range blocksOf(f.spec.Out) {
		group := f.weights[out/outs*points.filters()*size:]
		done.Go(func() {
			k := filterTransform{
				winogradPoints: points, filter: f, size: size, out: out, matrices: group[out%outs*size/outs:],
			}
			k.run(rows)
		})
	}
	done.Wait()
}

// transformedChannels is the number of input channels whose filters are
// transformed at once: few enough for the first cache.
const transformedChannels = 8

// filterTransform transforms the filters of one output block.
type filterTransform struct {
	winogradPoints
	filter   *Filter
	out      int       // the block
	size     int       // of a matrix
	matrices []float32 // from the block in the first on

	taps [9 * transformedChannels * blockChannels]float32 // [kernel row][kernel column][input channel][16]
	half [6 * 3 * transformedChannels * blockChannels]float32
}

// run takes a few input channels after others, whose filters for the block lie
// side by side when they are packed.
func (k *filterTransform) run(rows Rows) {
	s := k.filter.spec
	first := k.out * blockChannels
	var row [9 * transformedChannels]float32
	ins := s.In / s.Groups
	for i := 0; i < ins; i += transformedChannels {
		channels := min(transformedChannels, ins-i)
		run := channels * blockChannels
		for lane := range min(blockChannels, s.Out-first) {
			rows.Row(row[:9*channels], first+lane, 9*i)
			for c := range channels {
				taps := k.taps[c*blockChannels+lane:]
				for tap, v := range row[9*c:][:9] {
					taps[tap*run] = v
				}
			}
		}
		k.channels(k.matrices[i*blockChannels:], run)
	}
}

// channels transforms the taps of input channels, run values each, first along
// the columns and then along the rows of the kernel, to matrices that are size
// apart.
func (k *filterTransform) channels(matrices []float32, run int) {
	row := 3 * run
	evens := 1 // from a tap of the transform to the next
	if k.stride == 2 {
		evens = 2
	}
	k.evaluate(transform{
		dst: k.half[:], dstStep: row, dstNext: blockChannels,
		src: k.taps[:], srcStep: evens * row, srcNext: blockChannels, count: row / blockChannels,
	})
	for i := range k.n {
		k.row(matrices, i*k.n, k.n*k.n+i, k.half[i*row:], run)
	}
	if k.stride == 2 {
		odd := k.n*k.n + k.n
		k.row(matrices, odd, odd+k.n, k.taps[row:], run)
	}
}

// row transforms a row of taps to n matrices from one on, and with stride 2 keeps
// the middle one as another.
func (k *filterTransform) row(matrices []float32, first, middle int, taps []float32, run int) {
	evens := 1
	if k.stride == 2 {
		evens = 2
		copy(matrices[middle*k.size:][:run], taps[run:])
	}
	k.evaluate(transform{
		dst: matrices[first*k.size:], dstStep: k.size, dstNext: blockChannels,
		src: taps, srcStep: evens * run, srcNext: blockChannels, count: run / blockChannels,
	})
}

func (k *filterTransform) evaluate(t transform) {
	t.lines = 1
	t.run(k.filter.tier, asm.NewTransform(asm.Taps, k.stride, k.m, k.m))
}
