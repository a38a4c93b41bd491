package kernel

// directJob is a direct convolution cut into chunks: strips of output rows of
// one panel. The sum that makes a value has one order, whatever the chunks.
type directJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	in, out, added     grid // of src, dst and residual

	rows   int // output rows of a strip
	strips int // strips of a panel
	depth  int // input blocks of a part
}

// runDirect computes the convolution tap by tap.
func (c Conv) runDirect(t *Threads, dst, src, residual []float32, w *Filter) {
	j := &t.direct
	*j = directJob{
		Conv: c, dst: dst, src: src, residual: residual, filter: w,
		in: c.In.grid(), out: c.Out.grid(), added: c.Residual.grid(),
		rows: c.stripRows(w, t.N()), depth: c.partDepth(),
	}
	j.strips = ceil(c.Out.H, j.rows)
	t.run(j, len(w.panels), j.strips)
	*j = directJob{}
}

// do computes a strip by parts of the input channels, each of which adds to what
// the one before stored.
func (j *directJob) do(_, chunk int) {
	p := &j.filter.panels[chunk/j.strips]
	top := chunk % j.strips * j.rows
	bottom := min(top+j.rows, j.Out.H)
	for from := 0; from < p.depth; from += j.depth {
		to := min(from+j.depth, p.depth)
		for y := top; y < bottom; y++ {
			j.row(p, y, from, to)
		}
	}
	for b := range p.width {
		j.Out.clearHalo(j.dst, p.out+b, top, bottom)
	}
}

// row computes one row of a panel's outputs from its input blocks from..to.
func (j *directJob) row(p *panel, y, from, to int) {
	r := j.part(p, y, from, to)
	if from == 0 {
		r.bias = j.filter.bias[p.out*blockChannels:]
		r.addend, r.residual, r.plane = j.residual, j.added.at(p.out, y, 0), j.added.plane
	} else {
		j.accumulate(&r)
	}
	if to == p.depth {
		r.low, r.high = j.Activation.clamp()
	}
	j.compute(&r)
	if to == p.depth && j.Activation.smooth() {
		for b := range p.width {
			at := r.dst + b*j.out.plane
			j.Activation.finish(j.dst[at : at+j.Out.W*blockChannels])
		}
	}
}

// part is a row's sums over some input blocks, without bias, residual or bounds.
func (j *directJob) part(p *panel, y, from, to int) directRow {
	start := y*j.Stride - j.PadTop
	low, high := j.kernelRows(start)
	weightRow := j.KernelW * j.in.pixel * p.width * blockChannels
	r := directRow{
		panel:   p,
		src:     j.in.at(p.in+from, start+low*j.Dilation, -j.PadLeft),
		weights: p.offset + (from*j.KernelH+low)*weightRow,
		skip:    (j.KernelH - (high - low)) * weightRow,
		depth:   to - from,
		kernelH: high - low,
		dst:     j.out.at(p.out, y, 0),
		bias:    noBias[:],
		low:     negativeInfinity,
		high:    positiveInfinity,
	}
	if r.kernelH == 0 {
		r.depth = 0
	}
	if last := j.In.blocks(); j.KernelH*j.KernelW == 1 && p.in+to == last {
		r.spare = last*j.in.pixel - j.In.C
	}
	return r
}

// accumulate adds the sums to what is there.
func (j *directJob) accumulate(r *directRow) {
	r.addend, r.residual, r.plane = j.dst, r.dst, j.out.plane
}

// directRow is what the kernels compute at once: a row of pixels of all the
// output blocks of a panel, from some of its input blocks. Positions are
// indices in the job's buffers.
type directRow struct {
	panel     *panel
	src       int // first tap of the first pixel
	weights   int // of that tap
	skip      int // weights of kernel rows left out, from one input block to the next
	depth     int // input blocks
	kernelH   int // kernel rows
	spare     int // floats of the last input block to leave out, which have no channel
	dst       int
	bias      []float32 // starts with the panel's
	addend    []float32 // values to add, or nil
	residual  int       // position in addend
	plane     int       // distance of blocks in addend
	sum       []float32 // more values to add, the first of them first, or nil
	sumPlane  int       // distance of blocks in sum
	low, high float32   // bounds of the result
}

// run is the number of floats that kernels read side by side: a kernel row, or
// one tap of it where there are gaps between taps; and the number of runs in a
// kernel row.
func (j *directJob) run() (floats, runs int) {
	if j.Dilation == 1 {
		return j.KernelW * j.in.pixel, 1
	}
	return j.in.pixel, j.KernelW
}

var noBias [widestPanel * blockChannels]float32
