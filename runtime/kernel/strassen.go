package kernel

// Strassen's algorithm (Strassen, "Gaussian Elimination is not Optimal", 1969) in
// Winograd's form multiplies the quarters of two matrices seven times instead of
// eight, and adds fifteen times. A 1×1 convolution is a product: of the pixels by
// the input channels, times the input channels by the output channels. Its
// quarters are the even and the odd rows of the image by halves of the channels, so
// that some rows of both are a part of the image.
//
// With A the pixels, B the weights and C the output, and S and T sums of quarters:
//
//	S1 = A21 + A22   T1 = B12 - B11    U = A11·B11      C11 = U + A12·B21
//	S2 = S1 - A11    T2 = B22 - T1     V = U + S2·T2    C12 = W + S4·B22
//	S3 = A11 - A21   T3 = B22 - B12    W = V + S1·T1    C21 = X - A22·T4
//	S4 = A12 - S2    T4 = T2 - B21     X = V + S3·T3    C22 = X + (W - V)
//
// S is computed first, for all of the image. T is in the filter. The rest is done
// for a panel of either half of the outputs and for some pairs of rows at a time,
// whose U, V, W and X stay in a core's cache; each product is direct convolution
// that adds to what the one before stored. Where the number of rows is odd, the
// last is paired with itself, and computed as an even one.

// strassenSuits says whether the algorithm can compute a convolution of these
// weights: the halves of the channels are whole blocks, and no lane of the input
// is spare, as what it holds would not cancel.
func strassenSuits(s FilterSpec) bool {
	return s.taps() == 1 && s.Groups == 1 && s.Block == blockChannels &&
		s.In%(2*blockChannels) == 0 && blocksOf(s.Out)%2 == 0
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
	spareRow // where the odd copy of a row paired with itself goes
	strassenResults
)

// strassenProducts are the products in their order, which is also that of the
// weights that they multiply by.
var strassenProducts = [7]struct {
	left  int  // a quarter or a sum
	add   int  // an intermediate result
	to    int  // a quarter of the output if it is final, or an intermediate result
	final bool // with bias, residual and activation
}{
	{left: quarter11, add: nothing, to: resultU},
	{left: quarter12, add: resultU, to: quarter11, final: true},
	{left: sum2, add: resultU, to: resultV},
	{left: sum1, add: resultV, to: resultW},
	{left: sum3, add: resultV, to: resultX},
	{left: sum4, add: resultW, to: quarter12, final: true},
	{left: quarter22, add: resultX, to: quarter21, final: true},
}

// strassenJob is a convolution in two steps: sums, then products.
type strassenJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	in, out, added     grid

	pairs int // of rows
	sums  [4][]float32
	sum   grid // of each of them

	multiply    bool // the step
	cut         strips
	rows        int // pairs of a strip of the products
	strips      int // of a panel
	memory      []float32
	perWorker   int
	resultPlane int // floats of a block in an intermediate result
}

const (
	// resultBytes bounds the intermediate results of a strip.
	resultBytes = 1 << 19

	// sumPixels bounds the pixels of a call of the sums, for tens of microseconds.
	sumPixels = 1 << 12
)

// runStrassen computes the convolution.
func (c Conv) runStrassen(t *Threads, dst, src, residual []float32, w *Filter) {
	j := &t.strassen
	pairs := ceil(c.Out.H, 2)
	*j = strassenJob{
		Conv: c, dst: dst, src: src, residual: residual, filter: w,
		in: c.In.grid(), out: c.Out.grid(), added: c.Residual.grid(),
		pairs: pairs,
	}
	row := c.Out.W * blockChannels
	j.sum = grid{plane: pairs * row, row: row, pixel: blockChannels}
	ins := c.In.blocks() / 2
	j.cut = cut(t, ins, pairs)

	widest := w.panels[0].width
	most := max(resultBytes/(floatBytes*strassenResults*widest*row), 1)
	j.strips = strassenStrips(ceil(pairs, most), pairs, len(w.panels), t.N())
	j.rows = ceil(pairs, j.strips)
	j.strips = ceil(pairs, j.rows)
	j.resultPlane = j.rows * row
	j.perWorker = strassenResults * widest * j.resultPlane

	size := ins * j.sum.plane
	if total := 4*size + t.N()*j.perWorker; len(t.workspace) < total {
		t.workspace = NewArena(total)
	}
	for i := range j.sums {
		j.sums[i] = t.workspace[i*size:][:size]
	}
	j.memory = t.workspace[4*size:]
	t.run(j, j.cut.planes, j.cut.perPlane)
	j.multiply = true
	t.run(j, len(w.panels), j.strips)
	*j = strassenJob{}
}

// strassenStrips is the number of strips, from least on, into which to cut the
// pairs of rows. Threads have equal shares: of the rows of all panels if possible,
// else of the panels, as a strip reads all the weights of its panel.
func strassenStrips(least, rows, panels, threads int) int {
	for n := least; n <= rows; n++ {
		if rows%n == 0 && n%threads == 0 {
			return n
		}
	}
	for n := least; n < min(threads, rows+1); n++ {
		if rows%n == 0 && n*panels%threads == 0 {
			return n
		}
	}
	return min(max(least, ceil(chunksPerWorker*threads, panels)), rows)
}

func (j *strassenJob) do(worker, chunk int) {
	if !j.multiply {
		block, top, bottom := j.cut.at(chunk)
		for rows := max(sumPixels/j.Out.W, 1); top < bottom; top += rows {
			j.alike(top, min(top+rows, bottom), func(y, count int) { j.addQuarters(block, y, count) })
		}
		return
	}
	s := strassenStrip{
		strassenJob: j, panel: &j.filter.panels[chunk/j.strips],
		results: j.memory[worker*j.perWorker:][:j.perWorker],
		top:     chunk % j.strips * j.rows,
	}
	s.bottom = min(s.top+j.rows, j.pairs)
	s.run()
}

// alike calls f for the pairs of rows top..bottom, as many at once as have rows at
// the same distance: all but a last row paired with itself, which is alone.
func (j *strassenJob) alike(top, bottom int, f func(y, count int)) {
	whole := min(bottom, j.Out.H/2)
	if top < whole {
		f(top, whole-top)
	}
	if whole < bottom {
		f(whole, 1)
	}
}

// pixels is where a row of a quarter of the input begins.
func (j *strassenJob) pixels(quarter, block, y int) int {
	block += quarter % 2 * (j.In.blocks() / 2)
	return j.in.at(block, j.row(quarter, y)*j.Stride-j.PadTop, -j.PadLeft)
}

// pixelsRow is the distance from a row of a quarter of the input to the next.
func (j *strassenJob) pixelsRow() int { return 2 * j.Stride * j.in.row }

// row is a quarter's row of a pair.
func (j *strassenJob) row(quarter, pair int) int {
	return min(2*pair+quarter/2, j.Out.H-1)
}

// strassenStrip is the products of a panel and its like in the other half of the
// outputs, for some pairs of rows.
type strassenStrip struct {
	*strassenJob
	panel       *panel
	top, bottom int
	results     []float32
}

func (s *strassenStrip) run() {
	for i := range strassenProducts {
		s.alike(s.top, s.bottom, func(y, count int) { s.product(i, y, count) })
	}
	for b := range s.panel.width {
		s.alike(s.top, s.bottom, func(y, count int) { s.last(b, y, count) })
	}
	for _, q := range [...]int{quarter11, quarter12} {
		for b := range s.panel.width {
			s.finish(s.outBlock(q) + b)
		}
	}
}

// finish applies what activations do after storing, and clears the halo.
func (s *strassenStrip) finish(block int) {
	top, bottom := 2*s.top, min(2*s.bottom, s.Out.H)
	if s.Activation.smooth() {
		for y := top; y < bottom; y++ {
			s.Activation.finish(s.dst[s.out.at(block, y, 0):][:s.Out.W*blockChannels])
		}
	}
	s.Out.clearHalo(s.dst, block, top, bottom)
}

// outBlock is the first output block of a quarter.
func (s *strassenStrip) outBlock(quarter int) int {
	return s.panel.out + quarter%2*(s.Out.blocks()/2)
}

// copied reports whether a quarter's row of a pair is the odd copy of an even one.
func (s *strassenStrip) copied(quarter, pair int) bool {
	return 2*pair+quarter/2 >= s.Out.H
}

// result is a row of an intermediate result, and those after it.
func (s *strassenStrip) result(i, y int) []float32 {
	return s.results[i*s.panel.width*s.resultPlane+(y-s.top)*s.sum.row:]
}

// resultRows is where the rows of an intermediate result lie.
func (s *strassenStrip) resultRows() pixelRows {
	return pixelRows{plane: s.resultPlane, row: s.sum.row}
}

// product computes some pairs of rows of one of strassenProducts.
func (s *strassenStrip) product(i, y, count int) {
	p := &strassenProducts[i]
	d := directJob{
		Conv:   Conv{Out: Layout{W: s.Out.W}, KernelH: 1, KernelW: 1, Stride: 1, Dilation: 1},
		filter: s.filter, in: s.sum,
	}
	r := directRows{
		panel: s.panel, count: count, weights: s.panel.offset + i*s.panel.floats(), depth: s.panel.depth, kernelH: 1,
		bias: noBias[:], low: negativeInfinity, high: positiveInfinity,
	}
	if p.left < sum1 {
		d.in, d.Stride = s.in, s.Stride
		d.src, r.src, r.srcRow = s.src, s.pixels(p.left, 0, y), s.pixelsRow()
	} else {
		d.src, r.src, r.srcRow = s.sums[p.left-sum1], s.sum.at(0, y, 0), s.sum.row
	}
	if p.add != nothing {
		r.sum, r.added = s.result(p.add, y), s.resultRows()
	}
	if p.final {
		s.final(&d, &r, p.to, y)
	} else {
		d.dst, r.dst = s.result(p.to, y), s.resultRows()
	}
	d.compute(&r)
}

// final makes rows of a product some of the output.
func (s *strassenStrip) final(d *directJob, r *directRows, quarter, y int) {
	block, row := s.outBlock(quarter), s.row(quarter, y)
	r.bias = s.filter.bias[block*blockChannels:]
	r.low, r.high = s.Activation.clamp()
	if s.copied(quarter, y) {
		d.dst, r.dst = s.result(spareRow, y), s.resultRows()
		return
	}
	d.dst, r.dst = s.dst, s.out.rows(block, row, 2)
	if s.residual != nil {
		r.addend, r.residual = s.residual, s.added.rows(block, row, 2)
	}
}
