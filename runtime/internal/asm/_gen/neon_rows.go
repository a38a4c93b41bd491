package main

import (
	"fmt"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// generateNEONRows writes the kernels of pooling, of what is done value by
// value, and of linear layers.
func generateNEONRows(f *armFile) {
	f.pool("MaxPoolNEON", "max", fmax)
	f.pool("SumPoolNEON", "Σ", fadd)
	f.mulAdd()
	f.dense()
}

// broadcast fills a register with a field of the argument, whose address is R0.
func (f *armFile) broadcast(field uintptr, v vec) {
	f.op("MOVWU", gp(0).at(int(field)), gp(1))
	f.op("VDUP", gp(1), v.floats())
}

// fields loads fields of the argument, whose address is R0.
func (f *armFile) fields(to map[gp]uintptr) {
	for r := range gp(27) {
		if field, ok := to[r]; ok {
			f.op("MOVD", gp(0).at(int(field)), r)
		}
	}
}

// pool writes a pooling of whole windows: for each pixel a loop over the rows
// and columns of its window, a block in registers.
func (f *armFile) pool(name, symbol string, combine func(d, n, m vec) instruction) {
	f.function(name, "a *Pooling", 1, "combines the values of each window by "+symbol+".")
	const dst, src, width, pixel, rows, rowStep, columns, row, rowsLeft, at, columnsLeft gp = 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
	var a asm.Pooling
	f.op("MOVD", "a+0(FP)", gp(0))
	f.fields(map[gp]uintptr{
		dst: unsafe.Offsetof(a.Dst), src: unsafe.Offsetof(a.Src), width: unsafe.Offsetof(a.Width), pixel: unsafe.Offsetof(a.Pixel),
		rows: unsafe.Offsetof(a.Rows), rowStep: unsafe.Offsetof(a.RowStep), columns: unsafe.Offsetof(a.Columns),
	})
	sums, values, start, scale := vecs(0, 4), vecs(4, 4), vec(8), vec(9)
	f.broadcast(unsafe.Offsetof(a.Start), start)
	f.broadcast(unsafe.Offsetof(a.Scale), scale)
	f.label("pixel")
	f.op("MOVD", src, row)
	f.op("MOVD", rows, rowsLeft)
	for _, s := range sums {
		f.op("VMOV", start.bytes(), s.bytes())
	}
	f.label("row")
	f.op("MOVD", row, at)
	f.op("MOVD", columns, columnsLeft)
	f.label("column")
	f.op("VLD1.P", at.at(64), list(values))
	for i, s := range sums {
		f.word(combine(s, s, values[i]))
	}
	f.op("SUBS", imm(1), columnsLeft)
	f.op("BNE", "column")
	f.op("ADD", rowStep, row)
	f.op("SUBS", imm(1), rowsLeft)
	f.op("BNE", "row")
	for _, s := range sums {
		f.word(fmul(s, s, scale))
	}
	f.op("VST1.P", list(sums), dst.at(64))
	f.op("ADD", pixel, src)
	f.op("SUBS", imm(1), width)
	f.op("BNE", "pixel")
	f.op("RET")
}

// mulAdd writes dst = min(max(x·y + z, low), high) over blocks.
func (f *armFile) mulAdd() {
	f.function("MulAddNEON", "a *MulAdd", 1, "multiplies, adds and clamps.")
	const dst, x, y, z, yStep, zStep, blocks gp = 2, 3, 4, 5, 6, 7, 8
	var a asm.MulAdd
	f.op("MOVD", "a+0(FP)", gp(0))
	f.fields(map[gp]uintptr{
		dst: unsafe.Offsetof(a.Dst), x: unsafe.Offsetof(a.X), y: unsafe.Offsetof(a.Y), z: unsafe.Offsetof(a.Z),
		yStep: unsafe.Offsetof(a.YStep), zStep: unsafe.Offsetof(a.ZStep), blocks: unsafe.Offsetof(a.Blocks),
	})
	xs, ys, zs, low, high := vecs(0, 4), vecs(4, 4), vecs(8, 4), vec(12), vec(13)
	f.broadcast(unsafe.Offsetof(a.Low), low)
	f.broadcast(unsafe.Offsetof(a.High), high)
	f.label("block")
	f.op("VLD1.P", x.at(64), list(xs))
	f.op("VLD1", fmt.Sprintf("(%v)", y), list(ys))
	f.op("VLD1", fmt.Sprintf("(%v)", z), list(zs))
	for i, s := range zs {
		f.op("VFMLA", xs[i].floats(), ys[i].floats(), s.floats())
		f.word(fmax(s, s, low))
		f.word(fmin(s, s, high))
	}
	f.op("VST1.P", list(zs), dst.at(64))
	f.op("ADD", yStep, y)
	f.op("ADD", zStep, z)
	f.op("SUBS", imm(1), blocks)
	f.op("BNE", "block")
	f.op("RET")
}

// dense writes sums[k] += Σ src[i]·weights[i][k], with as many partial sums for
// each output as the kernels of amd64 have.
func (f *armFile) dense() {
	f.function("DenseNEON", "sums, src, weights *float32, n int", 4, "adds n inputs times their weights to 16 sums. Inputs are taken by turns\n// into four partial sums, which are added up last.")
	const sums, src, weights, n gp = 0, 1, 2, 3
	for i, name := range []string{"sums", "src", "weights", "n"} {
		f.op("MOVD", fmt.Sprintf("%s+%d(FP)", name, 8*i), gp(i))
	}
	part := func(turn, i int) vec { return vec(turn*4 + i) }
	w, x := vecs(16, 4), vec(20)
	for turn := range denseUnroll {
		for i := range 4 {
			f.op("VEOR", part(turn, i).bytes(), part(turn, i).bytes(), part(turn, i).bytes())
		}
	}
	step := func(turn int) {
		f.op("VLD1.P", weights.at(64), list(w))
		for i := range 4 {
			f.word(fmlaElement(part(turn, i), w[i], x, turn))
		}
	}
	f.op("SUBS", imm(denseUnroll), n)
	f.op("BLT", "rest")
	f.label("four")
	f.op("FMOVQ.P", src.at(16), x)
	for turn := range denseUnroll {
		step(turn)
	}
	f.op("SUBS", imm(denseUnroll), n)
	f.op("BGE", "four")
	f.label("rest")
	f.op("ADDS", imm(denseUnroll), n)
	f.op("BEQ", "add")
	f.label("single")
	f.op("FMOVS.P", src.at(4), x)
	step(0)
	f.op("SUBS", imm(1), n)
	f.op("BNE", "single")
	f.label("add")
	f.op("VLD1", fmt.Sprintf("(%v)", sums), list(w))
	for i := range 4 {
		f.word(fadd(part(0, i), part(0, i), part(1, i)))
		f.word(fadd(part(2, i), part(2, i), part(3, i)))
		f.word(fadd(part(0, i), part(0, i), part(2, i)))
		f.word(fadd(part(0, i), part(0, i), w[i]))
	}
	f.op("VST1", list(vecs(0, 4)), fmt.Sprintf("(%v)", sums))
	f.op("RET")
}

// neonPeakSums is how many sums grow side by side: four multipliers of four
// cycles need 16.
const neonPeakSums = 24

// generateNEONPeak writes a loop of nothing but multiplications and additions.
func generateNEONPeak(f *armFile) {
	f.function("PeakNEON", "n int", 1, fmt.Sprintf("does n times %d fused multiply-adds of 4 floats.", neonPeakSums))
	f.op("MOVD", "n+0(FP)", gp(0))
	for _, v := range vecs(0, neonPeakSums+2) {
		f.op("VEOR", v.bytes(), v.bytes(), v.bytes())
	}
	f.label("loop")
	for _, sum := range vecs(0, neonPeakSums) {
		f.op("VFMLA", vec(neonPeakSums).floats(), vec(neonPeakSums+1).floats(), sum.floats())
	}
	f.op("SUBS", imm(1), gp(0))
	f.op("BNE", "loop")
	f.op("RET")
}
