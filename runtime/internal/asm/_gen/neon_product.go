package main

import (
	"fmt"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// neonProduct is a kernel of the products of Winograd's algorithm: a direct one of
// pixels that lie side by side, which goes through the weights of one output
// block after another.
type neonProduct struct{ *neonDirect }

func (k neonProduct) name() string { return fmt.Sprintf("productNEON_%d", k.pixels) }

func (k neonProduct) generate() {
	k.function(k.name(), "a *Product", 1, fmt.Sprintf("multiplies %d pixels by the weights of some output blocks.", k.pixels))
	var a asm.Product
	k.op("MOVD", "a+0(FP)", armArgs)
	k.fields(map[gp]uintptr{armWeights: unsafe.Offsetof(a.Weights), armTo: unsafe.Offsetof(a.Dst), armColumn: unsafe.Offsetof(a.Outs)})

	k.label("out")
	k.op("MOVD", k.field(unsafe.Offsetof(a.Accumulate)), armScratch)
	k.op("CBZ", armScratch, "zero")
	k.each(func(a, b vec, distance int) { k.op("FLDPQ", armTo.at(distance), pair(a, b)) })
	k.op("B", "begin")
	k.label("zero")
	k.each(func(a, b vec, _ int) {
		k.op("VEOR", a.bytes(), a.bytes(), a.bytes())
		k.op("VEOR", b.bytes(), b.bytes(), b.bytes())
	})
	k.label("begin")
	k.op("MOVD", k.field(unsafe.Offsetof(a.Src)), armSource)
	for p := 1; p < k.pixels; p++ {
		k.op("ADD", imm(64), k.source(p-1), k.source(p))
	}
	k.op("MOVD", k.field(unsafe.Offsetof(a.Ins)), armBlock)
	k.label("block")
	k.op("MOVD", imm(16/4), armRun)
	k.label("floats")
	k.floats("FMOVQ.P", 4)
	k.op("SUBS", imm(1), armRun)
	k.op("BNE", "floats")
	k.next("block", armBlock, unsafe.Offsetof(a.SrcBlock))
	k.each(func(a, b vec, distance int) { k.op("FSTPQ", pair(a, b), armTo.at(distance)) })
	k.op("MOVD", k.field(unsafe.Offsetof(a.DstBlock)), armScratch)
	k.op("ADD", armScratch, armTo)
	k.op("SUBS", imm(1), armColumn)
	k.op("BNE", "out")
	k.op("RET")
}

// generateNEONProduct writes the kernels of the products of Winograd's algorithm.
func generateNEONProduct(f *armFile) {
	d := newDispatch("Product", neon, "pixels int, a *Product", "pixels")
	for pixels := 1; pixels <= neonPixels; pixels++ {
		d.add(neonProduct{newNEONDirect(f, pixels)}, fmt.Sprint(pixels))
	}
	d.write("../product_neon_dispatch_arm64.go")
}
