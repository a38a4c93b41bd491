package main

import (
	"fmt"
	"math"
)

// General registers of the kernels of convolution.
const (
	armArgs    gp = 0
	armPixel   gp = 1 // distance in the source from a pixel of the tile to the next
	armWeights gp = 2
	armSource  gp = 3 // inputs of the tile's pixels: R3 to R8
	armRun     gp = 9
	armColumn  gp = 10 // kernel columns left
	armRow     gp = 11 // kernel rows left
	armBlock   gp = 12 // input blocks left
	armFrom    gp = 13 // distance of the tile's first input from the row's
	armTo      gp = 14 // distance of the tile's first output from the row's
	armScratch gp = 15
	armOther   gp = 16
)

// armTile is the pixels of one output block, whose sums stay in registers: four
// for each pixel. Its methods take the offsets of the argument's fields.
type armTile struct {
	*armFile
	pixels int
	sums   [][]vec // [pixel][quarter of the block]
	free   []vec   // the registers left
}

func newARMTile(f *armFile, pixels int) armTile {
	t := armTile{armFile: f, pixels: pixels, free: vecs(4*pixels, 32-4*pixels)}
	for p := range pixels {
		t.sums = append(t.sums, vecs(4*p, 4))
	}
	return t
}

// field is a field of the argument, by its offset.
func (t armTile) field(offset uintptr) string { return armArgs.at(int(offset)) }

// begin loads the argument and starts with the row's first tile.
func (t armTile) begin(pixel uintptr) {
	t.op("MOVD", "a+0(FP)", armArgs)
	t.op("MOVD", t.field(pixel), armPixel)
	t.op("MOVD", imm(0), armFrom)
	t.op("MOVD", imm(0), armTo)
	t.label("tile")
}

// source is the register that points to a pixel's input.
func (t armTile) source(p int) gp { return armSource + gp(p) }

// start points at the tile's inputs and weights, and sets its sums to the bias.
func (t armTile) start(src, weight, bias uintptr) {
	t.op("MOVD", t.field(src), armSource)
	t.op("ADD", armFrom, armSource)
	for p := 1; p < t.pixels; p++ {
		t.op("ADD", armPixel, t.source(p-1), t.source(p))
	}
	t.op("MOVD", t.field(weight), armWeights)
	t.op("MOVD", t.field(bias), armScratch)
	for v := range 4 {
		t.op("FMOVQ", armScratch.at(16*v), t.sums[0][v])
		for _, sum := range t.sums[1:] {
			t.op("VMOV", t.sums[0][v].bytes(), sum[v].bytes())
		}
	}
}

// next ends a loop over the sources.
func (t armTile) next(label string, count gp, step uintptr) {
	t.op("MOVD", t.field(step), armScratch)
	for p := range t.pixels {
		t.op("ADD", armScratch, t.source(p))
	}
	t.op("SUBS", imm(1), count)
	t.op("BNE", label)
}

// finish adds the residual, clamps, stores, and ends the loop over the tiles of
// the row.
func (t armTile) finish(residual, low, high, dst, width uintptr) {
	t.op("MOVD", t.field(residual), armScratch)
	t.op("CBZ", armScratch, "added")
	t.op("ADD", armTo, armScratch)
	t.each(func(a, b vec, distance int) {
		x, y := t.free[0], t.free[1]
		t.op("FLDPQ", armScratch.at(distance), pair(x, y))
		t.word(fadd(a, x, a))
		t.word(fadd(b, y, b))
	})
	t.label("added")
	t.limit("low", low, math.Inf(-1), fmax)
	t.limit("high", high, math.Inf(1), fmin)
	t.op("MOVD", t.field(dst), armScratch)
	t.op("ADD", armTo, armScratch)
	t.each(func(a, b vec, distance int) { t.op("FSTPQ", pair(a, b), armScratch.at(distance)) })
	t.op("ADD", imm(64*t.pixels), armTo)
	t.op("MOVD", imm(t.pixels), armScratch)
	t.op("MADD", armScratch, armFrom, armPixel, armFrom)
	t.op("MOVD", t.field(width), armScratch)
	t.op("CMP", armScratch, armTo)
	t.op("BLT", "tile")
	t.op("RET")
}

// each calls f for two sums at a time, and their distance from the tile's output.
func (t armTile) each(f func(a, b vec, distance int)) {
	for p, sum := range t.sums {
		for v := 0; v < 4; v += 2 {
			f(sum[v], sum[v+1], 64*p+16*v)
		}
	}
}

// limit applies a bound to the sums, unless it is infinite: most layers want one
// bound or neither.
func (t armTile) limit(name string, bound uintptr, infinite float64, apply func(d, n, m vec) instruction) {
	t.op("MOVWU", t.field(bound), armScratch)
	t.op("MOVD", fmt.Sprintf("$%#x", math.Float32bits(float32(infinite))), armOther)
	t.op("CMPW", armOther, armScratch)
	t.op("BEQ", "no_"+name)
	b := t.free[0]
	t.op("VDUP", armScratch, b.floats())
	for _, sum := range t.sums {
		for _, s := range sum {
			t.word(apply(s, s, b))
		}
	}
	t.label("no_" + name)
}
