package kernel

import "fmt"

// Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015) computes m×m outputs of a 3×3 convolution
// at once: the inputs that they depend on are transformed into points, each
// point is multiplied by the filter's point over all channels, and the products
// are transformed back. With stride 1, F(4×4) takes a quarter of the
// multiplications of direct convolution and F(2×2) 1/2.25 of them.
//
// With stride 2 the even and the odd samples of each axis are convolutions of
// their own, with two taps and with one, whose points add up: 81 multiplications
// instead of 144 for 4×4 outputs, 25 instead of 36 for 2×2.
//
// What whole tiles leave over at the bottom and on the right is computed by
// smaller tiles, whose points are some of those of whole ones.

// winogradSize is the side m of an algorithm's whole tiles, or 0.
func (a Algorithm) winogradSize() int {
	switch a {
	case Winograd2:
		return 2
	case Winograd4:
		return 4
	}
	return 0
}

// suits says whether an algorithm can compute a convolution of these weights.
func (a Algorithm) suits(s FilterSpec) bool {
	return a == Direct || s.KernelH == 3 && s.KernelW == 3 && s.Stride <= 2 && s.Groups == 1 && s.Block == blockChannels
}

// winogradJob is a convolution in three steps over a group of tile rows, each
// cut into chunks: points of the input, products, pixels of the output.
type winogradJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	in, out, added     grid
	winogradPlan

	top     int // first row of tiles of the group
	rows    tileAxis
	columns tileAxis
	step    winogradStep

	threads  int
	scratch  []float32 // scratchFloats for each worker
	points   []float32 // [region][input block][tile][16]
	products []float32 // [n·n][output block][tile][16]
}

type winogradStep int

const (
	transformInput winogradStep = iota
	multiply
	transformOutput
)

// winogradPlan is what follows from the geometry: how tile rows are grouped, and
// the memory for a group.
type winogradPlan struct {
	winogradPoints
	all, group int // rows of tiles; those of a group
	ins, outs  int // blocks of channels
	tiles      int // of a group at most
}

// groupBytes is how large the points and products of a group of tile rows may
// be, so that they stay in a core's cache between the steps.
const groupBytes = 1 << 21

// winogradPlan plans a convolution for a number of threads.
func (c Conv) winogradPlan(m, threads int) winogradPlan {
	p := winogradPlan{winogradPoints: newWinogradPoints(m, c.Stride), ins: c.In.blocks(), outs: c.Out.blocks()}
	columns := ceil(c.Out.W, m)
	p.all = ceil(c.Out.H, m)
	perRow := 4 * (p.regions()*p.ins + p.n*p.n*p.outs) * columns * blockChannels
	p.group = min(max(groupBytes*threads/perRow, 1), p.all)
	p.group = ceil(p.all, ceil(p.all, p.group)) // groups of like size
	p.tiles = p.group * columns
	return p
}

// pointStride is the distance between the points of a tile, in floats. A cache
// line more than is needed keeps points from falling into the same sets.
func (p *winogradPlan) pointStride(blocks int) int { return (blocks*p.tiles + 1) * blockChannels }

// floats are the sizes of the points and of the products.
func (p *winogradPlan) floats() (points, products int) {
	return p.regions() * p.pointStride(p.ins), p.n * p.n * p.pointStride(p.outs)
}

// runWinograd computes the convolution group by group.
func (c Conv) runWinograd(t *Threads, dst, src, residual []float32, w *Filter) {
	m := w.algorithm.winogradSize()
	if c.Dilation != 1 {
		panic(fmt.Sprintf("kernel: filter %+v for %+v", w.spec, c))
	}
	j := &t.winograd
	*j = winogradJob{
		Conv: c, dst: dst, src: src, residual: residual, filter: w,
		in: c.In.grid(), out: c.Out.grid(), added: c.Residual.grid(),
		winogradPlan: c.winogradPlan(m, t.N()), threads: t.N(),
	}
	points, products := j.floats()
	scratch := scratchFloats * t.N()
	if size := scratch + points + products; len(t.workspace) < size {
		t.workspace = NewArena(size)
	}
	j.scratch = t.workspace[:scratch]
	j.points = t.workspace[scratch:][:points]
	j.products = t.workspace[scratch+points:][:products]
	j.columns = newTileAxis(m, c.Out.W)
	for j.top = 0; j.top < j.all; j.top += j.group {
		j.rows = newTileAxis(m, min(j.group*m, c.Out.H-j.top*m))
		rows := j.rows.tiles()
		j.step = transformInput
		t.run(j, j.ins*rows)
		j.step = multiply
		t.run(j, j.n*j.n*len(w.points[0].panels))
		j.step = transformOutput
		t.run(j, j.outs*rows)
	}
	*j = winogradJob{}
}

func (j *winogradJob) do(worker, chunk int) {
	scratch := j.scratch[worker*scratchFloats:][:scratchFloats]
	switch j.step {
	case transformInput:
		j.input(scratch, chunk/j.rows.tiles(), chunk%j.rows.tiles())
	case multiply:
		panels := len(j.filter.points[0].panels)
		var next []float32
		if c := chunk + j.threads; c < j.n*j.n*panels {
			first, _ := j.source(0, c/panels/j.n, c/panels%j.n)
			next = j.filter.points[first.filter].panelWeights(c % panels)
		}
		j.multiply(chunk/panels, chunk%panels, next)
	default:
		j.output(scratch, chunk/j.rows.tiles(), chunk%j.rows.tiles())
	}
}

// multiply computes the products of one point for one panel of outputs: 1×1
// convolutions of the tiles that have it, one for each phase of the samples that
// has it, added up.
func (j *winogradJob) multiply(point, panel int, next []float32) {
	row, column := point/j.n, point%j.n
	slot, tiles := j.tilesOf(row, column)
	if tiles == 0 {
		return
	}
	line := Conv{
		In: Layout{C: j.In.C, H: 1, W: tiles}, Out: Layout{C: j.Out.C, H: 1, W: tiles},
		KernelH: 1, KernelW: 1, Stride: 1, Dilation: 1, Groups: 1,
	}
	d := directJob{
		Conv: line, dst: j.products[point*j.pointStride(j.outs):],
		in: grid{origin: slot * blockChannels, plane: j.tiles * blockChannels, pixel: blockChannels},
	}
	d.out, d.added = d.in, d.in
	depth := line.partDepth()
	s, more := j.source(0, row, column)
	for i := 0; more; i++ {
		d.filter = j.filter.points[s.filter]
		d.src = j.points[s.region*j.pointStride(j.ins):]
		p := &d.filter.panels[panel]
		ahead := next
		if s, more = j.source(i+1, row, column); more {
			ahead = j.filter.points[s.filter].panelWeights(panel)
		}
		for from := 0; from < p.depth; from += depth {
			r := d.part(p, 0, from, min(from+depth, p.depth))
			r.ahead = ahead
			if i > 0 || from > 0 {
				d.accumulate(&r)
			}
			d.compute(&r)
		}
	}
}
