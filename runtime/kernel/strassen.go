package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// Strassen's algorithm (Strassen, "Gaussian Elimination is not Optimal", 1969) in
// Winograd's form multiplies the quarters of two matrices seven times instead of
// eight, and adds fifteen times. A 1×1 convolution is a product: of the pixels by
// the input channels, times the input channels by the output channels. Its
// quarters are halves of the pixels by halves of the channels.
//
// With A the pixels, B the weights and C the output, and S and T sums of quarters:
//
//	S1 = -(A21 + A22)   T1 = B11 - B12   U = A11·B11      C11 = U + A12·B21
//	S2 = -S1 - A11      T2 = B22 + T1    V = U + S2·T2    C12 = W + S4·B22
//	S3 = A11 - A21      T3 = T2 - B11    W = V + S1·T1    C21 = X + A22·T4
//	S4 = A12 - S2       T4 = B21 - T2    X = V + S3·T3    C22 = X + (W - V)
//
// With two levels, each of the seven products is computed in the same way, by 49
// products in all instead of 64. The halves of the pixels are the even and the odd
// rows of the image, and on the second level the left and the right of each row: a
// quarter is then where it lies in the image, with other distances. Where a side is
// odd, the second half has a row or column less, which counts as zero: of its partner
// S1 is zero and W is V.
//
// Some pairs of rows are computed at a time: first S, then the rest for a panel of
// each half (quarter) of the outputs after another, whose U, V, W and X stay in a
// core's cache. Each product is direct convolution that adds to what the ones before
// stored. Threads share nothing but the filter: if one read the sums of another,
// that one would wait for its cache when it computes the next.
//
// The filter is B11, B21, T2 and T1. The other three matrices are differences of two
// of them, as B22 = T2 - T1, which kernels compute as they multiply by them for the
// first time. So the filter has as many weights as the convolution, with two levels
// too.

// strassen is the algorithm by one level or by two.
type strassen struct{ levels int }

// suits reports whether the parts of the channels are whole blocks, and no lane of the
// input is spare, as what it holds would not cancel.
func (a strassen) suits(s FilterSpec, tier cpu.Level) bool {
	return s.taps() == 1 && s.Groups == 1 && s.Block == blockChannels &&
		s.In%(blockChannels<<a.levels) == 0 && blocksOf(s.Out)%(1<<a.levels) == 0 &&
		(tier == cpu.AVX2 || tier == cpu.AVX512)
}

// Quarters of the matrices, and their sums S1 to S4.
const (
	quarter11 = iota
	quarter12
	quarter21
	quarter22
	sum1
	sum2
	sum3
	sum4
)

// Intermediate results.
const (
	nothing = iota - 1
	resultU
	resultV
	resultW
	resultX
	strassenResults
)

// Matrices of the filter that are stored, in their order, which is that of the
// products that they are the right side of.
const (
	matrixB11 = iota
	matrixB21
	matrixT2
	matrixT1
	strassenMatrices
)

// strassenProducts are the products in their order.
var strassenProducts = [7]struct {
	left         int // a quarter of the pixels or a sum
	right, minus int // a matrix of the filter, or the difference of two
	add          int // an intermediate result
	to           int // a quarter of the output if it is final, or an intermediate result
	final        bool
	onSecond     bool // of the second half of the pixels only
}{
	{left: quarter11, right: matrixB11, minus: nothing, add: nothing, to: resultU},
	{left: quarter12, right: matrixB21, minus: nothing, add: resultU, to: quarter11, final: true},
	{left: sum2, right: matrixT2, minus: nothing, add: resultU, to: resultV},
	{left: sum1, right: matrixT1, minus: nothing, add: resultV, to: resultW, onSecond: true},
	{left: sum3, right: matrixT2, minus: matrixB11, add: resultV, to: resultX, onSecond: true},
	{left: sum4, right: matrixT2, minus: matrixT1, add: resultW, to: quarter12, final: true},
	{left: quarter22, right: matrixB21, minus: matrixT2, add: resultX, to: quarter21, final: true, onSecond: true},
}

// strassenJob is a convolution cut into chunks: a strip, which is some pairs of rows,
// of a panel. The chunks of a strip follow each other, so that a worker computes its
// sums once; others compute them again where it falls to several.
type strassenJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	in, out, added     grid
	levels             int

	pairs  int         // of rows
	rows   int         // pairs of a strip
	memory [][]float32 // of each worker
	summed []int       // the strip, counted from 1, whose sums a worker has
}

const (
	// resultBytes bounds the intermediate results of the last level of a strip, with
	// two levels about: they stay in a core's cache.
	resultBytes = 1 << 19

	// sumBytes bounds the sums of a strip: more would come from memory, but a strip
	// of few rows reads as many weights as one of many.
	sumBytes = 3 << 20
)

func (a strassen) run(c Conv, t *Threads, dst, src, residual []float32, w *Filter) {
	j := &t.strassen
	*j = strassenJob{
		Conv: c, dst: dst, src: src, residual: residual, filter: w,
		in: c.In.grid(), out: c.Out.grid(), added: c.Residual.grid(),
		pairs: ceil(c.Out.H, 2), levels: a.levels, summed: j.summed,
	}
	most := max(resultBytes/(floatBytes*strassenResults*w.panels[0].width*c.Out.W*blockChannels*j.levels), 1)
	most = min(most, max(sumBytes/j.sumBytesOfPair(), 1))
	strips := strassenStrips(ceil(j.pairs, most), j.pairs, c.Out.H%2 == 0, len(w.panels), t.N())
	j.rows = ceil(j.pairs, strips)
	strips = ceil(j.pairs, j.rows)

	j.memory = t.own(j.floats())
	clear(j.summed)
	t.run(j, 1, strips*len(w.panels))
	*j = strassenJob{summed: j.summed}
}

// sumBytesOfPair is the size of the sums of a pair of rows: with the first level as
// large as the rows, and with the second 7/4 of that besides.
func (j *strassenJob) sumBytesOfPair() int {
	n := floatBytes * 2 * j.Out.W * blockChannels * j.In.blocks()
	if j.levels > 1 {
		n += n * len(strassenProducts) / 4
	}
	return n
}

// strassenStrips is the number of strips, least or some more, into which to cut the
// pairs of rows of an image of even height or not. Several threads have equal shares:
// of the rows of all panels if possible, else of the panels, as a strip reads all the
// weights of its panel.
func strassenStrips(least, pairs int, even bool, panels, threads int) int {
	if threads == 1 {
		return least
	}
	for n := least; n <= min(2*max(least, threads), pairs) && even; n++ {
		if pairs%n == 0 && n%threads == 0 {
			return n
		}
	}
	for n := least; n < min(threads, pairs+1); n++ {
		if pairs%n == 0 && n*panels%threads == 0 {
			return n
		}
	}
	return min(max(least, ceil(chunksPerWorker*threads, panels)), pairs)
}

func (j *strassenJob) do(worker, chunk int) {
	panels := j.filter.panels
	strip := chunk / len(panels)
	s := strassenStrip{strassenJob: j, panel: &panels[chunk%len(panels)], top: strip * j.rows}
	s.bottom = min(s.top+j.rows, j.pairs)
	s.place(j.memory[worker])
	if j.summed[worker] != strip+1 {
		s.addUp()
		j.summed[worker] = strip + 1
	}
	s.run()
}
