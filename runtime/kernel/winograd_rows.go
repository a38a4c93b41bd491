package kernel

import (
	"fmt"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// The first convolution of a ResNet, 7×7 with stride 2, has few input channels: too few
// for Winograd's algorithm on tiles of both axes, whose sums would cost more than the
// products of three channels. Along rows alone it pays. The even and the odd columns of
// the kernel are filters of 4 and of 3 taps for even and odd pixels, and 4 outputs of a
// row take 7 and 6 multiplications by a row of the kernel, not 28. For each point the
// products are a convolution by a kernel of one column, of the points of even and odd
// pixels as channels; the rows that it needs lie side by side, so that direct kernels add
// them up in one run.

// rowsPoints are the finite points; ∞ is another, and comes before them all. The first
// are asm.WinogradPoints, and the transforms know the order.
var rowsPoints = [...]float64{0, 1, -1, 2, -2, 0.5}

// rowsM is the number of outputs of a tile.
const rowsM = 4

// winogradRows is the algorithm.
type winogradRows struct{}

func (winogradRows) suits(s FilterSpec, tier cpu.Level) bool {
	return s.KernelW == 7 && s.Stride == 2 && s.Groups == 1 && s.Block <= asm.RowPointsChannels && s.In <= s.Block && tier == cpu.AVX512
}

// rowsRun is the number of values of a point that a product adds up: those of the
// kernel's rows, of even pixels at ∞ and of both kinds elsewhere.
func (s FilterSpec) rowsRun(point int) int {
	if point == 0 {
		return s.KernelH * s.Block
	}
	return 2 * s.KernelH * s.Block
}

// rowsTaps is that of all points.
func (s FilterSpec) rowsTaps() (n int) {
	for point := range 1 + len(rowsPoints) {
		n += s.rowsRun(point)
	}
	return n
}

// plan cuts the output blocks into panels, and returns the number of weights in them:
//
//	[panel][point][kernel row][even channels, odd channels][output block][16]
func (winogradRows) plan(f *Filter) (weights int) {
	s := &f.spec
	for out := 0; out < blocksOf(s.Out); {
		for _, width := range panelWidths(f.tier) {
			if out+width <= blocksOf(s.Out) {
				f.panels = append(f.panels, panel{out: out, width: width, depth: 1, offset: weights})
				weights += s.rowsTaps() * width * blockChannels
				out += width
				break
			}
		}
	}
	return weights
}

func (winogradRows) pack(f *Filter, rows Rows) { f.packPanels(f.spec.fillRows, rows) }

// fillRows evaluates the rows of the kernel at the points, for the outputs of a panel, and
// divides by the points' denominators.
func (s FilterSpec) fillRows(p panel, packed []float32, rows Rows) {
	lanes := p.width * blockChannels
	taps := make([]float32, s.In*s.KernelH*s.KernelW)
	for lane := range min(lanes, s.Out-p.out*blockChannels) {
		rows.Row(taps, p.out*blockChannels+lane, 0)
		to := packed[lane:]
		for point := range 1 + len(rowsPoints) {
			phases := s.rowsRun(point) / (s.KernelH * s.Block)
			for channel := range s.In {
				for r := range s.KernelH {
					row := taps[(channel*s.KernelH+r)*s.KernelW:][:s.KernelW]
					for phase := range phases {
						to[((r*phases+phase)*s.Block+channel)*lanes] = evaluateRow(row[phase:], point)
					}
				}
			}
			to = to[min(s.rowsRun(point)*lanes, len(to)):]
		}
	}
}

// evaluateRow evaluates every other one of some taps at a point.
func evaluateRow(taps []float32, point int) float32 {
	if point == 0 {
		return taps[len(taps)-1]
	}
	at := rowsPoints[point-1]
	sum, power := 0.0, 1.0
	for i := 0; i < len(taps); i += 2 {
		sum += power * float64(taps[i])
		power *= at
	}
	for _, other := range rowsPoints {
		if other != at {
			sum /= at - other
		}
	}
	return float32(sum)
}

// rowsJob is a convolution cut into strips of output rows. Each has its points.
type rowsJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	out, added         grid
	rowsPlan
	memory [][]float32
}

// rowsPlan is what follows from the geometry.
type rowsPlan struct {
	strip           int // output rows
	tiles           int
	infinite, point int // floats of a tile's points at ∞, and at another point
	tile            int // of all
	piece           int // tiles that are multiplied at once
	products        int // floats
}

const (
	// rowsStrip bounds the output rows whose points a worker has at once: few, so that they
	// stay in its core's second cache, and so many that rows of the input that two strips
	// need are few.
	rowsStrip = 14

	// mostRowTiles bounds the tiles of a row that are multiplied at once to what fits in the
	// first cache: two tiles of the widest panel's kernels.
	mostRowTiles = 14

	// rowsLast is the floats of a tile's pixels and of what is added to them.
	rowsLast = 2 * rowsM * blockChannels

	// rowSpill is how many floats the transform writes after a row's values.
	rowSpill = 4
)

// rowsPlan plans a convolution for a number of threads, which have as many strips each.
func (c *Conv) rowsPlan(s *FilterSpec, threads int) rowsPlan {
	p := rowsPlan{tiles: ceil(c.Out.W, rowsM)}
	perRow := 2 * floatBytes * (1 + 2*len(rowsPoints)) * s.Block * p.tiles
	strips := ceil(c.Out.H, min(max(groupBytes/perRow, 1), rowsStrip))
	p.strip = ceil(c.Out.H, ceil(strips, threads)*threads)
	lines := 2*(p.strip-1) + c.KernelH
	p.infinite, p.point = lines*s.Block+rowSpill, 2*lines*s.Block+rowSpill
	p.tile = p.infinite + len(rowsPoints)*p.point
	p.piece = ceil(p.tiles, ceil(p.tiles, mostRowTiles))
	p.products = (1 + len(rowsPoints)) * widestPanel * p.piece * blockChannels
	return p
}

func (winogradRows) run(c Conv, t *Threads, dst, src, residual []float32, w *Filter) {
	if c.Dilation != 1 {
		panic(fmt.Sprintf("kernel: filter %+v for %+v", w.spec, c))
	}
	j := &t.rows
	*j = rowsJob{Conv: c, dst: dst, src: src, residual: residual, filter: w, out: c.Out.grid(), added: c.Residual.grid(), rowsPlan: c.rowsPlan(&w.spec, t.N())}
	j.memory = t.own(j.products + rowsLast + j.tiles*j.tile)
	t.run(j, 1, ceil(c.Out.H, j.strip))
	*j = rowsJob{}
}

func (j *rowsJob) do(worker, chunk int) {
	memory := j.memory[worker]
	products, last := memory[:j.products], memory[j.products:][:rowsLast]
	points := memory[j.products+rowsLast:][:j.tiles*j.tile]
	top := chunk * j.strip
	bottom := min(top+j.strip, j.Out.H)
	j.transform(points, top, 2*(bottom-1-top)+j.KernelH)
	for y := top; y < bottom; y++ {
		for tile := 0; tile < j.tiles; tile += j.piece {
			tiles := min(j.piece, j.tiles-tile)
			for i := range j.filter.panels {
				p := &j.filter.panels[i]
				j.multiply(products, points[tile*j.tile:], p, y-top, tiles)
				for block := range p.width {
					j.output(products[block*tiles*blockChannels:], last, p.width*tiles*blockChannels, p.out+block, y, tile, tiles)
				}
			}
		}
	}
	for block := range j.Out.blocks() {
		if j.Activation.smooth() {
			for y := top; y < bottom; y++ {
				j.Activation.finish(j.dst[j.out.at(block, y, 0):][:j.Out.W*blockChannels])
			}
		}
		j.Out.clearHalo(j.dst, block, top, bottom)
	}
}

// transform makes the points of some input rows, from that of an output row on.
func (j *rowsJob) transform(points []float32, top, lines int) {
	var a asm.RowPoints // field by field: see doc.go
	whole := j.Out.W / rowsM
	a.DstTile, a.DstFinite, a.DstPoint = j.tile*floatBytes, j.infinite*floatBytes, j.point*floatBytes
	a.SrcLine, a.Lines, a.Tiles = j.In.row()*floatBytes, lines, whole
	first := j.In.at(0, 2*top-j.PadTop, -j.PadLeft)
	if whole > 0 {
		a.Dst, a.Src = unsafe.Pointer(&points[0]), unsafe.Pointer(&j.src[first])
		rowPoints(j.In.block(), &a)
	}
	if whole == j.tiles {
		return
	}
	// The samples of the last tile end before the memory does: what is missing is zero.
	var samples [(2*(rowsM-1) + 7) * asm.RowPointsChannels]float32
	a.Tiles, a.Lines = 1, 1
	for line := range lines {
		from := first + line*j.In.row() + 2*rowsM*whole*j.In.block()
		copy(samples[:], j.src[from:][:(2*(j.Out.W-rowsM*whole-1)+7)*j.In.block()])
		a.Src = unsafe.Pointer(&samples[0])
		to := points[whole*j.tile+line*j.In.block():]
		a.Dst, a.DstFinite = unsafe.Pointer(&to[0]), (j.infinite+line*j.In.block())*floatBytes
		rowPoints(j.In.block(), &a)
	}
}

// output makes pixels of the products of some tiles, whose points are step apart; last is
// memory for the last tile of a row.
func (j *rowsJob) output(products, last []float32, step, block, y, tile, tiles int) {
	low, high := j.Activation.clamp()
	t := &transform{
		src: products, srcStep: step, srcNext: blockChannels,
		dstStep: blockChannels, dstNext: rowsM * blockChannels, lines: 1,
		bias: (*lanes)(j.filter.bias[block*blockChannels:]), low: low, high: high,
	}
	name := asm.NewTransform(asm.RowPixels, 2, rowsM, rowsM)
	x := rowsM * tile
	whole := min(tiles, j.Out.W/rowsM-tile)
	if whole > 0 {
		t.count, t.dst = whole, j.dst[j.out.at(block, y, x):]
		if j.residual != nil {
			t.residual = j.residual[j.added.at(block, y, x):]
		}
		t.run(j.filter.tier, name)
	}
	if whole == tiles {
		return
	}
	// The last tile has fewer pixels than the transform makes.
	x += rowsM * whole
	pixels, added := last[:rowsLast/2], last[rowsLast/2:]
	rest := (j.Out.W - x) * blockChannels
	t.src, t.count, t.dst = products[whole*blockChannels:], 1, pixels
	if j.residual != nil {
		copy(added[:rest], j.residual[j.added.at(block, y, x):])
		t.residual = added
	}
	t.run(j.filter.tier, name)
	copy(j.dst[j.out.at(block, y, x):][:rest], pixels[:])
}
