package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

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

// direct computes convolutions tap by tap: any, on every tier.
type direct struct{}

func (direct) suits(FilterSpec, cpu.Level) bool { return true }

func (direct) plan(f *Filter) (weights int) {
	f.panels, weights = f.spec.cutPanels(panelWidths(f.tier))
	return weights
}

func (direct) pack(f *Filter, rows Rows) { f.packPanels(f.spec.fillPanel, rows) }

func (direct) run(c Conv, t *Threads, dst, src, residual []float32, w *Filter) {
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
		for y := top; y < bottom; {
			count := j.alike(y, bottom)
			j.sum(p, y, count, from, to)
			y += count
		}
	}
	for b := range p.width {
		j.Out.clearHalo(j.dst, p.out+b, top, bottom)
	}
}

// alike is the number of output rows from y on, before bottom, for which the same
// kernel rows fall on the image.
func (j *directJob) alike(y, bottom int) int {
	low, high := j.kernelRows(y*j.Stride - j.PadTop)
	for n := 1; y+n < bottom; n++ {
		if l, h := j.kernelRows((y+n)*j.Stride - j.PadTop); l != low || h != high {
			return n
		}
	}
	return bottom - y
}

// sum computes rows of a panel's outputs, count of them alike from y on, from its
// input blocks from..to.
func (j *directJob) sum(p *panel, y, count, from, to int) {
	r := j.part(p, y, count, from, to)
	if from == 0 {
		r.bias = j.filter.bias[p.out*blockChannels:]
		r.addends[0] = addend{j.residual, j.added.rows(p.out, y, 1)}
	} else {
		r.addends[0] = addend{j.dst, r.dst} // what is there
	}
	if to == p.depth {
		r.low, r.high = j.Activation.clamp()
	}
	j.compute(&r)
	if to == p.depth && j.Activation.smooth() {
		for b := range p.width {
			for line := range count {
				at := r.dst.first + b*r.dst.plane + line*r.dst.row
				j.Activation.finish(j.dst[at : at+j.Out.W*blockChannels])
			}
		}
	}
}

// part is the sums of rows over some input blocks, without bias, residual or
// bounds.
func (j *directJob) part(p *panel, y, count, from, to int) directRows {
	start := y*j.Stride - j.PadTop
	low, high := j.kernelRows(start)
	weightRow := j.KernelW * j.in.pixel * p.width * blockChannels
	r := directRows{
		panel:   p,
		count:   count,
		src:     j.in.at(p.in+from, start+low*j.Dilation, -j.PadLeft),
		srcRow:  j.Stride * j.in.row,
		weights: j.filter.weights[p.offset+(from*j.KernelH+low)*weightRow:],
		skip:    (j.KernelH - (high - low)) * weightRow,
		depth:   to - from,
		kernelH: high - low,
		dst:     j.out.rows(p.out, y, 1),
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

// directRows is what the kernels compute at once: rows of pixels of all the output
// blocks of a panel, from some of its input blocks. Positions are indices in the
// job's buffers.
type directRows struct {
	panel     *panel
	count     int       // rows, at least one
	src       int       // first tap of the first pixel
	srcRow    int       // from a row's to the next's
	weights   []float32 // from that tap's on
	minus     []float32 // subtracted from the weights, for a kernel of one pixel, or nil
	kept      []float32 // where the differences go
	skip      int       // weights of kernel rows left out, from one input block to the next
	depth     int       // input blocks
	kernelH   int       // kernel rows
	spare     int       // floats of the last input block to leave out, which have no channel
	dst       pixelRows // in the job's
	bias      []float32 // starts with the panel's
	addends   [3]addend // values to add; more than the first for Strassen's algorithm
	low, high float32   // bounds of the result
}

// addend is values to add to rows of pixels; values is nil for none.
type addend struct {
	values []float32
	rows   pixelRows
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
