package kernel

import "fmt"

// Pool is the geometry of a pooling: the largest value of each window, or the
// average. Windows may overhang the padded input at the bottom and on the right
// (PyTorch's ceil_mode); what overhangs never counts. Padding counts as zeros
// for an average, unless ExcludePad, and never for a maximum.
type Pool struct {
	In, Out             Layout
	Max                 bool
	KernelH, KernelW    int
	Stride              int
	PadTop, PadLeft     int
	PadBottom, PadRight int
	ExcludePad          bool
	Activation          Activation
}

// Run computes one image.
func (p Pool) Run(t *Threads, dst, src []float32) {
	if p.In.C != p.Out.C || p.In.block() != blockChannels || p.Out.block() != blockChannels {
		panic(fmt.Sprintf("kernel: pooling of %+v into %+v", p.In, p.Out))
	}
	p.Stride = max(p.Stride, 1)
	j := &t.pool
	*j = poolJob{p, dst, src, cut(t, p.Out.blocks(), p.Out.H)}
	t.run(j, j.planes, j.perPlane)
	*j = poolJob{}
}

type poolJob struct {
	Pool
	dst, src []float32
	strips
}

func (j *poolJob) do(_, chunk int) {
	b, top, bottom := j.at(chunk)
	for y := top; y < bottom; y++ {
		dst := j.Out.pixels(j.dst, b, y)
		first, last := j.largest3(dst, b, y)
		if first == last {
			first, last = j.windows(dst, b, y)
		}
		for x := range j.Out.W {
			if x < first || x >= last {
				j.window((*lanes)(dst[x*blockChannels:]), b, y, x)
			}
		}
		j.Activation.apply(dst)
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

// largest3 is the largest values of windows of 3×3 with stride 2, the pooling of the
// ResNets' stem: of all that do not overhang the image on the right. It returns which
// pixels of the row it has computed.
func (j *poolJob) largest3(dst []float32, b, y int) (first, last int) {
	top, room := y*j.Stride-j.PadTop, j.In.W-3+j.PadLeft
	if !j.Max || j.KernelH != 3 || j.KernelW != 3 || j.Stride != 2 || j.PadLeft > 1 || room < 0 || top < -2 || top >= j.In.H {
		return 0, 0
	}
	var rows [3][]float32
	for i := range rows {
		rows[i] = j.src[j.In.at(b, min(max(top+i, 0), j.In.H-1), 1-j.PadLeft):]
	}
	last = min(room/2+1, j.Out.W)
	if !maxPool3Row(dst, rows, last, j.PadLeft == 0) {
		return 0, 0
	}
	return 0, last
}

// windows pools the windows of a row that lie inside the image, in assembly if there is
// some. It returns which pixels these are.
func (j *poolJob) windows(dst []float32, b, y int) (first, last int) {
	first, last = j.whole(y)
	if first == last {
		return 0, 0
	}
	start, scale := negativeInfinity, float32(1)
	if !j.Max {
		start, scale = 0, 1/float32(j.KernelH*j.KernelW)
	}
	src := j.src[j.In.at(b, y*j.Stride-j.PadTop, first*j.Stride-j.PadLeft):]
	if !poolRow(dst[first*blockChannels:], src, &j.Pool, j.In.row(), last-first, start, scale) {
		return 0, 0
	}
	return first, last
}

// whole is the range of pixels of a row whose windows lie inside the image.
func (j *poolJob) whole(y int) (first, last int) {
	start := y*j.Stride - j.PadTop
	room := j.In.W - j.KernelW + j.PadLeft // for the left edge of the last window
	if start < 0 || start+j.KernelH > j.In.H || room < 0 {
		return 0, 0
	}
	first = ceil(j.PadLeft, j.Stride)
	return first, max(first, min(room/j.Stride+1, j.Out.W))
}

// window pools one pixel, whose window may reach beyond the image.
func (j *poolJob) window(d *lanes, b, y, x int) {
	start, left := y*j.Stride-j.PadTop, x*j.Stride-j.PadLeft
	y0, y1 := max(start, 0), min(start+j.KernelH, j.In.H)
	x0, x1 := max(left, 0), min(left+j.KernelW, j.In.W)
	if j.Max {
		j.largest(d, b, y0, y1, x0, x1)
		return
	}
	// What an average counts: the padding too, but nothing that overhangs it.
	count := (min(start+j.KernelH, j.In.H+j.PadBottom) - start) * (min(left+j.KernelW, j.In.W+j.PadRight) - left)
	if j.ExcludePad {
		count = (y1 - y0) * (x1 - x0)
	}
	j.average(d, b, y0, y1, x0, x1, float32(count))
}

// largest is the maximum over a window of pixels.
func (j *poolJob) largest(d *lanes, b, y0, y1, x0, x1 int) {
	*d = *(*lanes)(j.src[j.In.at(b, y0, x0):])
	for y := y0; y < y1; y++ {
		row := j.src[j.In.at(b, y, x0):][:(x1-x0)*blockChannels]
		for i := 0; i < len(row); i += blockChannels {
			s := (*lanes)(row[i:])
			for k, v := range s {
				d[k] = max(d[k], v) // NaN if either is
			}
		}
	}
}

// average is the sum over a window of pixels, divided.
func (j *poolJob) average(d *lanes, b, y0, y1, x0, x1 int, count float32) {
	var sum lanes
	for y := y0; y < y1; y++ {
		row := j.src[j.In.at(b, y, x0):][:max(x1-x0, 0)*blockChannels]
		for i := 0; i < len(row); i += blockChannels {
			for k, v := range (*lanes)(row[i:]) {
				sum[k] += v
			}
		}
	}
	for k := range d {
		d[k] = sum[k] / count
	}
}

// GlobalAverage is the geometry of an average of each channel over the whole
// image.
type GlobalAverage struct{ In, Out Layout }

// Run computes one image.
func (g GlobalAverage) Run(t *Threads, dst, src []float32) {
	if g.In.C != g.Out.C || g.Out.H != 1 || g.Out.W != 1 || g.In.block() != blockChannels || g.Out.block() != blockChannels {
		panic(fmt.Sprintf("kernel: average of %+v into %+v", g.In, g.Out))
	}
	j := &t.average
	*j = averageJob{g, dst, src}
	t.run(j, 1, g.Out.blocks())
	*j = averageJob{}
}

type averageJob struct {
	GlobalAverage
	dst, src []float32
}

// do averages one block: some rows at a time, then their sums, which keeps the
// error small.
func (j *averageJob) do(_, b int) {
	var total lanes
	rows := max(pixelsAtOnce/j.In.W, 1)
	for y := 0; y < j.In.H; y += rows {
		sum := j.sum(b, y, min(y+rows, j.In.H))
		for k, v := range sum {
			total[k] += v
		}
	}
	dst := j.Out.pixels(j.dst, b, 0)
	scale := 1 / float32(j.In.H*j.In.W)
	for k := range dst {
		dst[k] = total[k] * scale
	}
	j.Out.clearHalo(j.dst, b, 0, 1)
}

// pixelsAtOnce is how many pixels are added up one after another, if they are
// more than a row.
const pixelsAtOnce = 64

// sum adds up the rows top..bottom of a block.
func (j *averageJob) sum(b, top, bottom int) (sum lanes) {
	window := Pool{KernelH: bottom - top, KernelW: j.In.W, Stride: 1}
	if poolRow(sum[:], j.src[j.In.at(b, top, 0):], &window, j.In.row(), 1, 0, 1) {
		return sum
	}
	for y := top; y < bottom; y++ {
		row := j.In.pixels(j.src, b, y)
		for i := 0; i < len(row); i += blockChannels {
			for k, v := range (*lanes)(row[i:]) {
				sum[k] += v
			}
		}
	}
	return sum
}

// CeilSize is the number of windows along one axis in ceiling mode, as PyTorch
// counts them: the last must start inside the input or the padding before it.
// span is the window's extent in pixels.
func CeilSize(in, span, stride, before, after int) int {
	n := ceil(in+before+after-span, stride) + 1
	if (n-1)*stride >= in+before {
		n--
	}
	return n
}
