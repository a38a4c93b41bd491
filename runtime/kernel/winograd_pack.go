package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// A filter that stays in the cache that cores share is kept as the matrices that it
// is transformed to, in the order in which the kernels of products read them:
//
//	[group][matrix][output block][input channel][16]
//
// with channels that do not exist zero, and the matrices in the order of their use.
//
// A larger one is kept as it is, and so is one whose specification or algorithm says it:
// it is transformed anew in each run, in registers or by parts that stay in a core's own
// cache. It comes from memory, which takes longer than the transform, and the matrices
// would be 16/9 or 4 times as much. Its order is
//
//	[output block][input block][tap][input channel][16]

// matrixSize is that of one of the matrices of a group.
func (s FilterSpec) matrixSize() int {
	return s.groupOuts() * blocksOf(s.In/s.Groups) * blockSquare
}

// blockSquare is the number of weights of a tap from one block of channels to another.
const blockSquare = blockChannels * blockChannels

// groupOuts is the number of output blocks of a group.
func (s FilterSpec) groupOuts() int { return blocksOf(s.Out / s.Groups) }

// points are those of tiles of a filter's convolution.
func (a winograd) points(s *FilterSpec) winogradPoints { return newWinogradPoints(a.m, s.Stride) }

// plan decides whether the filter is kept as it is, and counts the weights.
func (a winograd) plan(f *Filter) (weights int) {
	s := &f.spec
	matrices := a.points(s).filters() * s.matrixSize()
	f.asTaps = s.Groups == 1 && (s.AsTaps || a.four || floatBytes*matrices > residentBytes)
	if !f.asTaps {
		return s.Groups * matrices
	}
	if !s.AsTaps && !a.four && matricesPay(f.tier) {
		f.expansion = new(expansion)
	}
	return s.taps() * s.matrixSize()
}

// pack orders the filter's taps, or transforms them to matrices.
func (a winograd) pack(f *Filter, rows Rows) {
	s := f.spec
	outs, ins, size := s.groupOuts(), blocksOf(s.In/s.Groups), s.matrixSize()
	points := a.points(&s)
	together(blocksOf(s.Out), func(out int) {
		if f.asTaps {
			for in := range ins {
				s.packTaps(f.weights[(out*ins+in)*9*blockSquare:], rows, out, in)
			}
			return
		}
		k := filterTransform{winogradPoints: points, tier: f.tier, size: size, half: make([]float32, points.halfSize())}
		matrices := f.weights[out/outs*points.filters()*size+out%outs*size/outs:]
		for in := range ins {
			var taps [9 * blockSquare]float32
			s.packTaps(taps[:], rows, out, in)
			k.blocks(matrices[in*blockSquare:], taps[:], 1)
		}
	})
}

// packTaps orders the taps from a block of input channels to one of output channels,
// where all is zero.
func (s FilterSpec) packTaps(taps []float32, rows Rows, out, in int) {
	first := out * blockChannels
	channels := min(blockChannels, s.In/s.Groups-in*blockChannels)
	var row [9 * blockChannels]float32
	for lane := range min(blockChannels, s.Out-first) {
		rows.Row(row[:9*channels], first+lane, 9*in*blockChannels)
		for c := range channels {
			at := taps[c*blockChannels+lane:]
			for tap, v := range row[9*c:][:9] {
				at[tap*blockSquare] = v
			}
		}
	}
}

// filterTransform transforms taps to matrices that are size apart.
type filterTransform struct {
	winogradPoints
	tier cpu.Level
	size int
	half []float32 // halfSize: transformed along the columns of the kernel
}

// halfSize is the number of values of a block's taps that are transformed along one
// axis.
func (p winogradPoints) halfSize() int { return p.n * 3 * blockSquare }

// blocks transforms the taps of some blocks of input channels.
func (k *filterTransform) blocks(matrices, taps []float32, ins int) {
	for i := 0; i < ins; i += tapsBlocks {
		matrices, taps := matrices[i*blockSquare:], taps[i*9*blockSquare:]
		blocks := min(tapsBlocks, ins-i)
		a := asm.FilterTaps{Dst: unsafe.Pointer(&matrices[0]), DstStep: k.size * floatBytes, Src: unsafe.Pointer(&taps[0]), Blocks: blocks}
		if filterTaps(k.tier, k.stride, k.m, &a) {
			continue
		}
		for b := range blocks {
			k.block(matrices[b*blockSquare:], taps[b*9*blockSquare:])
		}
	}
}

// tapsBlocks bounds the input blocks of one call of assembly, in which nothing can
// preempt it, to some tens of microseconds.
const tapsBlocks = 16

// block transforms those of one, first along the columns and then along the rows of
// the kernel.
func (k *filterTransform) block(matrices, taps []float32) {
	k.evaluate(transform{
		dst: k.half, dstStep: 3 * blockSquare, src: taps, srcStep: k.stride * 3 * blockSquare,
		count: 3 * blockChannels, lines: 1,
	})
	k.rows(matrices, k.n, 0, k.n*k.n, k.half)
	if k.stride == 2 {
		odd := k.n*k.n + k.n
		k.rows(matrices, 1, odd, odd+k.n, taps[3*blockSquare:])
	}
}

// rows transforms rows of taps to n matrices each, from one on, and with stride 2
// keeps the middle ones as others.
func (k *filterTransform) rows(matrices []float32, rows, first, middle int, taps []float32) {
	if k.stride == 2 {
		for i := range rows {
			copy(matrices[(middle+i)*k.size:][:blockSquare], taps[(3*i+1)*blockSquare:])
		}
	}
	k.evaluate(transform{
		dst: matrices[first*k.size:], dstStep: k.size, dstLine: k.n * k.size,
		src: taps, srcStep: k.stride * blockSquare, srcLine: 3 * blockSquare,
		count: blockChannels, lines: rows,
	})
}

// evaluate transforms vectors that lie side by side. With stride 2 it skips the odd tap.
func (k *filterTransform) evaluate(t transform) {
	t.dstNext, t.srcNext = blockChannels, blockChannels
	t.run(k.tier, asm.NewTransform(asm.Taps, k.stride, k.m, k.m))
}
