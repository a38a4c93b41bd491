package main

import (
	"fmt"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// neonPixels is the largest tile of direct convolution: 24 sums, four floats of
// each of 6 pixels, and two weights fill the 32 registers.
const neonPixels = 6

// neonDirect is a kernel for a tile of pixels of one output block. Four floats
// of each pixel are loaded at once, and multiplied one after another as elements
// of their register:
//
//	sum[p][v] += weight[v] · source[p][i]
type neonDirect struct {
	armTile
	inputs  []vec // four floats of each pixel
	weights []vec // taken by turns, in pairs
	turn    int
}

func newNEONDirect(f *armFile, pixels int) *neonDirect {
	t := newARMTile(f, pixels)
	n := min(len(t.free)-pixels, 8) &^ 1
	return &neonDirect{armTile: t, inputs: t.free[:pixels], weights: t.free[pixels:][:n]}
}

func (k *neonDirect) name() string { return fmt.Sprintf("directNEON_%dx1", k.pixels) }

func (k *neonDirect) generate() {
	k.function(k.name(), "a *Direct", 1, fmt.Sprintf("computes tiles of %d pixels of an output block.", k.pixels))
	var a asm.Direct
	k.begin(unsafe.Offsetof(a.Pixel))
	k.start(unsafe.Offsetof(a.Src), unsafe.Offsetof(a.Weights), unsafe.Offsetof(a.Bias))
	k.op("MOVD", k.field(unsafe.Offsetof(a.Blocks)), armBlock)
	k.op("CBZ", armBlock, "finish")
	k.label("block")
	k.op("MOVD", k.field(unsafe.Offsetof(a.Rows)), armRow)
	k.label("row")
	k.op("MOVD", k.field(unsafe.Offsetof(a.Columns)), armColumn)
	k.label("column")
	k.op("MOVD", k.field(unsafe.Offsetof(a.Run)), armRun)
	k.run()
	k.next("column", armColumn, unsafe.Offsetof(a.ColumnStep))
	k.next("row", armRow, unsafe.Offsetof(a.RowStep))
	k.op("MOVD", k.field(unsafe.Offsetof(a.WeightStep)), armScratch)
	k.op("ADD", armScratch, armWeights)
	k.next("block", armBlock, unsafe.Offsetof(a.BlockStep))
	k.label("finish")
	added, _, _ := addend(0)
	k.finish(added, unsafe.Offsetof(a.Low), unsafe.Offsetof(a.High), unsafe.Offsetof(a.Dst), unsafe.Offsetof(a.Width))
}

// run multiplies and adds a run of floats.
func (k *neonDirect) run() {
	k.op("SUBS", imm(4), armRun)
	k.op("BLT", "rest")
	k.label("floats")
	k.floats("FMOVQ.P", 4)
	k.op("SUBS", imm(4), armRun)
	k.op("BGE", "floats")
	k.label("rest")
	k.op("ADDS", imm(4), armRun)
	k.op("BEQ", "done")
	k.label("single")
	k.floats("FMOVS.P", 1)
	k.op("SUBS", imm(1), armRun)
	k.op("BNE", "single")
	k.label("done")
}

// floats multiplies and adds the next n floats of each pixel, which load loads.
func (k *neonDirect) floats(load string, n int) {
	for p, x := range k.inputs {
		k.op(load, k.source(p).at(4*n), x)
	}
	for i := range n {
		for v := 0; v < 4; v += 2 {
			a, b := k.weights[k.turn], k.weights[k.turn+1]
			k.turn = (k.turn + 2) % len(k.weights)
			k.op("FLDPQ", armWeights.at(64*i+16*v), pair(a, b))
			for p, x := range k.inputs {
				k.word(fmlaElement(k.sums[p][v], a, x, i))
			}
			for p, x := range k.inputs {
				k.word(fmlaElement(k.sums[p][v+1], b, x, i))
			}
		}
	}
	k.op("ADD", imm(64*n), armWeights)
}

// generateNEONDirect writes the kernels of direct convolution.
func generateNEONDirect(f *armFile) {
	d := newDispatch("Direct", neon, "pixels, blocks int, a *Direct", "blocks<<4 | pixels")
	for pixels := 1; pixels <= neonPixels; pixels++ {
		d.add(newNEONDirect(f, pixels), fmt.Sprintf("1<<4 | %d", pixels))
	}
	d.write("../direct_neon_dispatch_arm64.go")
}
