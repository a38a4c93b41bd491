package kernel

import (
	"fmt"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

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

// winograd is the algorithm by tiles of m×m outputs.
type winograd struct {
	m    int
	four bool // with kernels for images of four tiles, that need the filter as taps
}

func (a winograd) suits(s FilterSpec, tier cpu.Level) bool {
	if a.four && (tier != cpu.AVX512 || s.Groups > 1) {
		return false
	}
	return tier != cpu.Portable && s.KernelH == 3 && s.KernelW == 3 && s.Stride <= 2 && s.Block == blockChannels && s.wholeGroups()
}

// winogradJob is a convolution in three steps over groups of tile rows: points
// of the input, products, pixels of the output. Threads take groups, each with
// memory of its own that stays in its core's cache, as long as there are some
// for all of them; what is left over they do together, step by step.
type winogradJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	matrices           []float32 // nil if the filter is used as taps
	in, out, added     grid
	winogradPlan

	columns tileAxis
	shared  winogradGroup
	step    winogradStep
	memory  []float32 // perWorker for each
}

type winogradStep int

const (
	wholeGroup winogradStep = iota
	transformInput
	multiply
	transformOutput
	multiplyParts
	transformFour
	multiplyFour
)

// winogradGroup is some rows of tiles of one of the convolution's groups of channels,
// and the memory for them.
type winogradGroup struct {
	*winogradJob
	within int // the group of channels
	top    int // first row of tiles
	rows   tileAxis
	tiles  int
	points []float32 // [region][input block][tile][16], or as the kernel of four tiles has them

	// products are those of some output blocks, all or one:
	// [n·n][output block][tile][16].
	first, held int
	products    []float32

	calls int // of kernels for the products of a part of the filter
}

// winogradPlan is what follows from the geometry: how tile rows are grouped, and
// the memory that it takes. What is computed does not depend on it.
type winogradPlan struct {
	winogradPoints
	ins, outs int // blocks of channels of one of the convolution's groups
	piece     int // tiles of a row that are transformed at once
	all       int // rows of tiles
	own       int // of them in groups that one worker computes
	groups    int // of those rows
	together  int // rows in a group of the others
	slice     int // output blocks of a chunk of products, if the filter is matrices
	depth     int // input blocks of a part, if it is taps
	run       int // output blocks of a chunk of products by taps
	workers   int
	perWorker int // floats
	private   int // of those, what a worker has to itself while groups are shared
}

const (
	// residentBytes is the size up to which a filter stays in the cache that
	// cores share, so that reading it for each group costs little.
	residentBytes = 4 << 20

	// sliceProducts is the work of a chunk of a point's products, in
	// multiplications of 16 lanes: so much that the weights asked for in vain at
	// its end are few, and that a call ends within tens of microseconds.
	sliceProducts = 1 << 16

	// phaseBlocks is the number of input blocks after which the products of the phases
	// of stride 2 are added up, before those of the next ones. It is part of what is
	// computed, as no other number here is.
	phaseBlocks = 8

	// togetherBytes bounds the memory of a group that threads share, or whose filter
	// comes from memory.
	togetherBytes = 4 << 20
)

// winogradFilter is what a run multiplies by.
type winogradFilter int

const (
	byMatrices winogradFilter = iota // of the whole filter
	byParts                          // matrices that parts of the taps are transformed to
	byFour                           // values that the kernel of four tiles transforms taps to
)

// winogradPlan plans a convolution for a number of threads.
func (c Conv) winogradPlan(m, threads int, by winogradFilter) winogradPlan {
	p := winogradPlan{winogradPoints: newWinogradPoints(m, c.Stride), ins: c.In.blocks() / c.Groups, outs: c.Out.blocks() / c.Groups, workers: threads}
	columns := ceil(c.Out.W, m)
	p.all, p.piece = ceil(c.Out.H, m), p.tilesInScratch()
	filterBlock := floatBytes * p.filters() * p.ins * blockChannels * blockChannels
	held := p.outs // output blocks whose products there are at once
	if by != byMatrices {
		held = 1
	}
	perRow := floatBytes * (p.regions()*p.ins + p.n*p.n*held) * columns * blockChannels
	switch {
	case c.Groups > 1:
		most := groupBytes
		if filterBlock*p.outs > residentBytes {
			most = togetherBytes // to read the filter once if possible
		}
		p.own = p.all
		p.groups = ceil(p.own, max(most/perRow, 1))
	case by == byMatrices && filterBlock*p.outs <= residentBytes:
		p.own = p.all / threads * threads
		p.groups = ceil(p.own/threads, max(groupBytes/perRow, 1)) * threads
	}
	rows := 0
	if p.groups > 0 {
		rows = ceil(p.own, p.groups)
	}
	if rest := p.all - p.own; rest > 0 {
		p.together = min(max(togetherBytes/perRow, 1), rest)
		if by == byFour {
			p.together = rest
		}
		p.together = ceil(rest, ceil(rest, p.together)) // groups of like size
	}
	points, products := p.floats(p.together*columns, held)
	p.private = scratchFloats
	if by == byMatrices {
		p.slice = max(min(sliceProducts/max(columns*p.together*p.ins*blockChannels, 1), p.outs), 1)
	} else {
		p.run = tapsRun(p.outs, threads)
		p.private += products
		products = 0
	}
	switch by {
	case byParts:
		p.depth = min(tapsDepth, p.ins)
		p.private += 2 * p.filters() * p.partStride()
	case byFour:
		p.private = max(p.private, scratchFloats+p.regions()*pointStride(1, 4))
	}
	p.perWorker = p.private + ceil(points+products, threads)
	points, products = p.floats(rows*columns, p.outs)
	p.perWorker = max(p.perWorker, scratchFloats+points+products)
	return p
}

// partStride is the distance between the matrices of a part of a filter, a cache line
// more than is needed, as between points.
func (p *winogradPlan) partStride() int { return p.depth*blockSquare + blockChannels }

// pointStride is the distance between the points of a tile, in floats. A cache
// line more than is needed keeps points from falling into the same sets.
func pointStride(blocks, tiles int) int { return (blocks*tiles + 1) * blockChannels }

// floats are the sizes of the points of some tiles, and of the products for some
// output blocks.
func (p *winogradPlan) floats(tiles, outs int) (points, products int) {
	return p.regions() * pointStride(p.ins, tiles), p.n * p.n * pointStride(outs, tiles)
}

// group is rows from..to of tiles, in some memory.
func (j *winogradJob) group(from, to int, memory []float32) winogradGroup {
	g := winogradGroup{winogradJob: j, top: from}
	g.rows = newTileAxis(j.m, min((to-from)*j.m, j.Out.H-from*j.m))
	g.tiles = (to - from) * j.columns.tiles()
	g.held = j.outs
	points, products := j.floats(g.tiles, g.held)
	g.points = memory[:points]
	if j.matrices != nil {
		g.products = memory[points:][:products]
	}
	return g
}

func (a winograd) run(c Conv, t *Threads, dst, src, residual []float32, w *Filter) {
	if c.Dilation != 1 {
		panic(fmt.Sprintf("kernel: filter %+v for %+v", w.spec, c))
	}
	matrices := w.matrices()
	by, other := byMatrices, byParts
	switch {
	case a.four && c.isFourTiles():
		by = byFour
	case matrices == nil:
		by, other = byParts, byMatrices
	}
	j := &t.winograd
	*j = winogradJob{
		Conv: c, dst: dst, src: src, residual: residual, filter: w, matrices: matrices,
		in: c.In.grid(), out: c.Out.grid(), added: c.Residual.grid(),
		winogradPlan: c.winogradPlan(a.m, t.N(), by), columns: newTileAxis(a.m, c.Out.W),
	}
	size := j.perWorker
	if w.expansion != nil { // nothing is allocated when matrices take their place
		size = max(size, c.winogradPlan(a.m, t.N(), other).perWorker)
	}
	if size *= t.N(); len(t.workspace) < size {
		t.workspace = NewArena(size)
	}
	j.memory = t.workspace
	t.run(j, c.Groups, j.groups)
	for top := j.own; top < j.all; top += j.together {
		g := j.group(top, min(top+j.together, j.all), j.memory[j.private*t.N():])
		j.shared = g
		if by == byFour {
			j.step = transformFour
			t.run(j, 1, j.ins)
			j.step = multiplyFour
			t.run(j, 1, ceil(j.outs, j.run))
			continue
		}
		rows := g.rows.tiles()
		j.step = transformInput
		t.run(j, j.ins, rows)
		switch by {
		case byParts:
			j.shared.calls = g.productCalls()
			j.step = multiplyParts
			t.run(j, 1, ceil(j.outs, j.run))
		default:
			j.step = multiply
			t.run(j, 1, j.n*j.n*ceil(j.outs, j.slice))
			j.step = transformOutput
			t.run(j, j.outs, rows)
		}
	}
	*j = winogradJob{}
}

func (j *winogradJob) do(worker, chunk int) {
	memory := j.memory[worker*j.private:][:j.private]
	scratch := memory[:scratchFloats]
	g := &j.shared
	switch j.step {
	case wholeGroup:
		j.whole(worker, chunk)
	case transformInput:
		g.transformInput(scratch, chunk/g.rows.tiles(), chunk%g.rows.tiles())
	case transformFour:
		g.arrangeFour(chunk, scratch, memory[scratchFloats:])
	case multiply:
		slices := ceil(j.outs, j.slice)
		point, from := chunk/slices, chunk%slices*j.slice
		g.multiply(point/j.n, point%j.n, g.part(from, min(from+j.slice, j.outs)))
	case multiplyParts, multiplyFour:
		own, from, to := *g, chunk*j.run, min((chunk+1)*j.run, j.outs)
		own.held = 1
		if j.step == multiplyFour {
			own.multiplyFour(from, to, scratch, memory[scratchFloats:])
		} else {
			own.fromTaps(from, to, scratch, memory[scratchFloats:])
		}
	default:
		g.output(scratch, chunk/g.rows.tiles(), chunk%g.rows.tiles())
	}
}

// whole computes a group of rows of a group of channels.
func (j *winogradJob) whole(worker, chunk int) {
	group := chunk % j.groups
	memory := j.memory[worker*j.perWorker:][:j.perWorker]
	scratch := memory[:scratchFloats]
	g := j.group(group*j.own/j.groups, (group+1)*j.own/j.groups, memory[scratchFloats:])
	g.within = chunk / j.groups
	for block := range j.ins {
		for row := range g.rows.tiles() {
			g.transformInput(scratch, block, row)
		}
	}
	g.multiplyAll(g.part(0, j.outs))
	for block := range j.outs {
		for row := range g.rows.tiles() {
			g.output(scratch, block, row)
		}
	}
}

// filterPart is the matrices of some of a filter's channels.
type filterPart struct {
	matrices  []float32 // [matrix][output block][input channel][16]
	size      int       // from a matrix to the next
	in, ins   int       // input blocks
	out, outs int       // output blocks, of those whose products are computed
	ahead     tapsAhead // what to ask for meanwhile
	next      nextPart  // what to transform meanwhile
}

// multiply computes the products of one point for a part of the filter: those of
// the tiles that have the point, one for each phase of the samples that has it, added
// up, and to those of the input blocks before.
func (g *winogradGroup) multiply(row, column int, part *filterPart) {
	point := row*g.n + column
	slot, tiles := g.tilesOf(row, column)
	if tiles == 0 {
		return
	}
	outs, ins := part.outs, part.ins
	if g.Stride == 2 && ins > phaseBlocks {
		outs, ins = 1, phaseBlocks
	}
	block := g.tiles * blockBytes
	a := asm.ProductTaps{Product: asm.Product{Outs: outs, DstBlock: block, SrcBlock: block - blockBytes}}
	passes, wider, pixels := tileWidths(tiles, productTiles(g.filter.tier))
	for i := range passes {
		width := pixels
		if i < wider {
			width++
		}
		for out := 0; out < part.outs; out += outs {
			a.Dst = unsafe.Pointer(&g.products[point*pointStride(g.held, g.tiles)+((part.out+out)*g.tiles+slot)*blockChannels])
			a.Accumulate = min(part.in, 1)
			for in := 0; in < part.ins; in += ins {
				a.Ins = min(ins, part.ins-in)
				for i := 0; ; i++ {
					s, ok := g.source(i, row, column)
					if !ok {
						break
					}
					a.Src = unsafe.Pointer(&g.points[s.region*pointStride(g.ins, g.tiles)+((part.in+in)*g.tiles+slot)*blockChannels])
					a.Weights = unsafe.Pointer(&part.matrices[s.filter*part.size+(out*part.ins+in)*blockSquare])
					part.ahead.ask(&a.Product)
					part.next.product(g.filter.tier, width, &a)
					a.Accumulate = 1
				}
			}
		}
		slot += width
	}
}

// multiplyAll computes the products of all points.
func (g *winogradGroup) multiplyAll(part *filterPart) {
	for row := range g.n {
		for column := range g.n {
			g.multiply(row, column, part)
		}
	}
}

// productCalls is the number of calls of kernels for the products of a part.
func (g *winogradGroup) productCalls() (n int) {
	for point := range g.n * g.n {
		_, tiles := g.tilesOf(point/g.n, point%g.n)
		for i := 0; tiles > 0; i++ {
			if _, ok := g.source(i, point/g.n, point%g.n); !ok {
				break
			}
			n += ceil(tiles, productTiles(g.filter.tier))
		}
	}
	return n
}

// part is all of the group's matrices for some output blocks.
func (g *winogradGroup) part(from, to int) *filterPart {
	size := g.outs * g.ins * blockSquare
	return &filterPart{
		matrices: g.matrices[g.within*g.filters()*size+from*g.ins*blockSquare:], size: size,
		ins: g.ins, out: from, outs: to - from,
	}
}
