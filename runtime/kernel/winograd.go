package kernel

import (
	"fmt"
	"sync"
)

// Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015) computes m×m outputs of a 3×3 convolution
// of stride 1 at once: the (m+2)×(m+2) inputs that they depend on are transformed
// into as many points, each point is multiplied by the filter's point over all
// channels, and the products are transformed back. F(4×4) takes a quarter of the
// multiplications of direct convolution and F(2×2) 1/2.25 of them.

// winogradSize is the side m of an algorithm's output tile, or 0.
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
	return a == Direct || s.KernelH == 3 && s.KernelW == 3 && s.Groups == 1 && s.Block == blockChannels
}

// packWinograd transforms a filter, in float64, and packs each of its points as a
// 1×1 convolution.
func packWinograd(s FilterSpec, m int, weight []float32, f *Filter) {
	n := m + 2
	one := FilterSpec{In: s.In, Out: s.Out, KernelH: 1, KernelW: 1, Groups: 1, Block: blockChannels}
	panels, size := one.cutPanels(panelWidths(f.tier))
	noBias := NewArena(len(f.bias))
	for range n * n {
		f.points = append(f.points, &Filter{spec: one, tier: f.tier, panels: panels, weights: NewArena(size), bias: noBias})
	}
	var all sync.WaitGroup
	for _, p := range panels {
		all.Go(func() { packPoints(s, m, p, weight, f.points) })
	}
	all.Wait()
}

// packPoints fills a panel of every point, in the order of fillPanel.
func packPoints(s FilterSpec, m int, p panel, weight []float32, points []*Filter) {
	lanes := p.width * blockChannels
	end := min(lanes, s.Out-p.out*blockChannels)
	var transformed [36]float32
	for i := range s.In {
		at := p.offset + i*lanes
		for lane := range end {
			filter := (*[9]float32)(weight[((p.out*blockChannels+lane)*s.In+i)*9:])
			if m == 4 {
				transformFilter4(&transformed, filter)
			} else {
				transformFilter2(&transformed, filter)
			}
			for k, q := range points {
				q.weights[at+lane] = transformed[k]
			}
		}
	}
}

// transformFilter2 is G·filter·Gᵀ of F(2×2, 3×3), with
//
//	G = 1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1
func transformFilter2(points *[36]float32, filter *[9]float32) {
	column := func(a, b, c float64) [4]float64 {
		return [4]float64{a, (a + b + c) / 2, (a - b + c) / 2, c}
	}
	var half [3][4]float64
	for x := range half {
		half[x] = column(float64(filter[x]), float64(filter[3+x]), float64(filter[6+x]))
	}
	for y := range 4 {
		for x, v := range column(half[0][y], half[1][y], half[2][y]) {
			points[4*y+x] = float32(v)
		}
	}
}

// transformFilter4 is G·filter·Gᵀ of F(4×4, 3×3), with
//
//	G = 1/4 0 0; -1/6 -1/6 -1/6; -1/6 1/6 -1/6; 1/24 1/12 1/6; 1/24 -1/12 1/6; 0 0 1
func transformFilter4(points *[36]float32, filter *[9]float32) {
	column := func(a, b, c float64) [6]float64 {
		u, v := (a+c)/-6, a/24+c/6
		return [6]float64{a / 4, u - b/6, u + b/6, v + b/12, v - b/12, c}
	}
	var half [3][6]float64
	for x := range half {
		half[x] = column(float64(filter[x]), float64(filter[3+x]), float64(filter[6+x]))
	}
	for y := range 6 {
		for x, v := range column(half[0][y], half[1][y], half[2][y]) {
			points[6*y+x] = float32(v)
		}
	}
}

// winogradJob is a convolution in three steps over a group of tile rows, each
// cut into chunks: points of the input, products, pixels of the output.
type winogradJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	in, out, added     grid

	m, n     int
	columns  int // tiles in a row of tiles
	top      int // first row of tiles of the group
	rows     int // rows of tiles in the group
	step     winogradStep
	points   []float32 // [n·n][input block][tile][16]
	products []float32 // [n·n][output block][tile][16]
}

type winogradStep int

const (
	transformInput winogradStep = iota
	multiply
	transformOutput
)

// pointStride is the distance between the points of a tile, in floats. A cache
// line more than is needed keeps points from falling into the same sets.
func pointStride(blocks, tiles int) int { return (blocks*tiles + 1) * blockChannels }

// groupBytes is how large the points and products of a group of tile rows may
// be, so that they stay in a core's cache between the steps.
const groupBytes = 1 << 20

// runWinograd computes the convolution group by group.
func (c Conv) runWinograd(t *Threads, dst, src, residual []float32, w *Filter) {
	if c.Stride != 1 || c.Dilation != 1 {
		panic(fmt.Sprintf("kernel: Winograd's algorithm for %+v", c))
	}
	j := &t.winograd
	m := w.algorithm.winogradSize()
	*j = winogradJob{
		Conv: c, dst: dst, src: src, residual: residual, filter: w,
		in: c.In.grid(), out: c.Out.grid(), added: c.Residual.grid(),
		m: m, n: m + 2, columns: ceil(c.Out.W, m),
	}
	ins, outs, all := c.In.blocks(), c.Out.blocks(), ceil(c.Out.H, m)
	perRow := 4 * j.n * j.n * (ins + outs) * j.columns * blockChannels
	group := min(max(groupBytes*t.N()/perRow, 1), all)
	group = ceil(all, ceil(all, group)) // groups of like size
	tiles := group * j.columns
	size := j.n * j.n * (pointStride(ins, tiles) + pointStride(outs, tiles))
	if len(t.workspace) < size {
		t.workspace = NewArena(size)
	}
	for j.top = 0; j.top < all; j.top += group {
		j.rows = min(group, all-j.top)
		split := j.n * j.n * pointStride(ins, j.tiles())
		j.points, j.products = t.workspace[:split], t.workspace[split:size]
		j.step = transformInput
		t.run(j, ins*j.rows)
		j.step = multiply
		t.run(j, j.n*j.n*len(w.points[0].panels))
		j.step = transformOutput
		t.run(j, outs*j.rows)
	}
	*j = winogradJob{}
}

// tiles is the number of tiles in the group.
func (j *winogradJob) tiles() int { return j.rows * j.columns }

func (j *winogradJob) do(chunk int) {
	switch j.step {
	case transformInput:
		j.input(chunk/j.rows, chunk%j.rows)
	case multiply:
		panels := len(j.filter.points[0].panels)
		j.multiply(chunk/panels, chunk%panels)
	default:
		j.output(chunk/j.rows, chunk%j.rows)
	}
}

// multiply computes the products of one point for one panel of outputs: a 1×1
// convolution of the tiles.
func (j *winogradJob) multiply(point, panel int) {
	tiles := j.tiles()
	ins, outs := j.In.blocks(), j.Out.blocks()
	line := Conv{
		In: Layout{C: j.In.C, H: 1, W: tiles}, Out: Layout{C: j.Out.C, H: 1, W: tiles},
		KernelH: 1, KernelW: 1, Stride: 1, Dilation: 1, Groups: 1,
	}
	d := directJob{
		Conv: line, filter: j.filter.points[point],
		src: j.points[point*pointStride(ins, tiles):], dst: j.products[point*pointStride(outs, tiles):],
		in: line.In.grid(), out: line.Out.grid(), added: line.Out.grid(),
		depth: line.partDepth(),
	}
	p := &d.filter.panels[panel]
	for from := 0; from < p.depth; from += d.depth {
		d.row(p, 0, from, min(from+d.depth, p.depth))
	}
}

// input transforms a row of tiles of one block. Tiles that reach beyond the halo
// are copied to a patch with zeros around them.
func (j *winogradJob) input(block, row int) {
	tiles := j.tiles()
	y := (j.top+row)*j.m - j.PadTop
	at := (block*tiles + row*j.columns) * blockChannels
	whole := 0
	if y+j.n <= j.In.H+j.In.Halo {
		whole = min(max((j.In.W+j.In.Halo+j.PadLeft-j.n)/j.m+1, 0), j.columns)
	}
	stride := pointStride(j.In.blocks(), tiles)
	if whole > 0 {
		j.transformIn(j.src[j.in.at(block, y, -j.PadLeft):], j.in.row, at, stride, whole)
	}
	for x := whole; x < j.columns; x++ {
		var patch [6 * 6 * blockChannels]float32
		left := x*j.m - j.PadLeft
		for i := range j.n {
			if y+i >= j.In.H+j.In.Halo {
				break
			}
			pixels := min(j.n, j.In.W+j.In.Halo-left)
			copy(patch[i*j.n*blockChannels:][:pixels*blockChannels], j.src[j.in.at(block, y+i, left):])
		}
		j.transformIn(patch[:], j.n*blockChannels, at+x*blockChannels, stride, 1)
	}
}

// output transforms a row of tiles of one block back. Tiles that reach beyond
// the image go to a patch first.
func (j *winogradJob) output(block, row int) {
	tiles := j.tiles()
	y := (j.top + row) * j.m
	bottom := min(y+j.m, j.Out.H)
	at := (block*tiles + row*j.columns) * blockChannels
	stride := pointStride(j.Out.blocks(), tiles)
	whole := 0
	if y+j.m <= j.Out.H {
		whole = j.Out.W / j.m
	}
	bias := (*lanes)(j.filter.bias[block*blockChannels:])
	low, high := j.Activation.clamp()
	if whole > 0 {
		var residual []float32
		if j.residual != nil {
			residual = j.residual[j.added.at(block, y, 0):]
		}
		j.transformOut(j.dst[j.out.at(block, y, 0):], j.out.row, residual, j.added.row, at, stride, whole, bias, low, high)
	}
	for x := whole; x < j.columns; x++ {
		var patch [4 * 4 * blockChannels]float32
		j.transformOut(patch[:], j.m*blockChannels, nil, 0, at+x*blockChannels, stride, 1, bias, negativeInfinity, positiveInfinity)
		pixels := min(j.m, j.Out.W-x*j.m)
		for i := range bottom - y {
			dst := j.dst[j.out.at(block, y+i, x*j.m):][:pixels*blockChannels]
			from, added, step := patch[i*j.m*blockChannels:], zeros[:], 0
			if j.residual != nil {
				added, step = j.residual[j.added.at(block, y+i, x*j.m):], blockChannels
			}
			clamped := j.Activation
			if clamped.smooth() {
				clamped = NoActivation
			}
			mulAdd(dst, from, ones[:], added, 0, step, clamped)
		}
	}
	if j.Activation.smooth() {
		for i := y; i < bottom; i++ {
			j.Activation.finish(j.dst[j.out.at(block, i, 0):][:j.Out.W*blockChannels])
		}
	}
	j.Out.clearHalo(j.dst, block, y, bottom)
}
