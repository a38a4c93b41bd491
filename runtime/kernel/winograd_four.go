package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// Square images of 5 to 8 pixels a side are four tiles of F(4×4). The sums of one point of
// the rows at all points of the columns then fit in the registers of AVX-512, beside what
// is needed to transform taps. So a kernel does both for an output block, and the values
// that it multiplies by are never stored. The transform is half as much arithmetic as the
// products; beside reading matrices of four times the size, from memory or the cache that
// cores share, that is little.

// isFourTiles reports whether there is a kernel for the convolution's tiles.
func (c Conv) isFourTiles() bool {
	rows, columns := newTileAxis(4, c.Out.H), newTileAxis(4, c.Out.W)
	return rows.tiles() == 2 && columns.tiles() == 2 && rows.rest == columns.rest
}

// arrangeFour transforms a block of the input, and brings its points to the order of
// their use.
func (g *winogradGroup) arrangeFour(block int, scratch, memory []float32) {
	for row := range g.rows.tiles() {
		g.input(scratch, block, row, memory, asm.FourTilesStep/floatBytes)
	}
	size := g.regions() * 4 * blockChannels
	var a asm.ArrangeFour // field by field: see doc.go
	a.Dst, a.Src = unsafe.Pointer(&g.points[block*size:][:size][0]), unsafe.Pointer(&memory[0])
	arrangeFour(g.stride, &a)
}

// multiplyFour computes the pixels of some output blocks.
func (g *winogradGroup) multiplyFour(from, to int, scratch, memory []float32) {
	g.products = memory
	var a asm.FourTiles // field by field: see doc.go
	for g.first = from; g.first < to; g.first++ {
		a.Dst, a.Src = unsafe.Pointer(&g.products[0]), unsafe.Pointer(&g.points[0])
		a.Weights = unsafe.Pointer(&g.filter.taps(g.first, 0)[0])
		a.Ins, a.Accumulate = g.ins, 0
		fourTiles(g.stride, g.columns.size(1), &a)
		for row := range g.rows.tiles() {
			g.output(scratch, 0, row)
		}
	}
}
