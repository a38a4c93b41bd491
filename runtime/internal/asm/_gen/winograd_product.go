package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// tileProduct is a kernel of the products of Winograd's algorithm: a direct one of
// pixels that lie side by side and one output block, which goes through the
// weights of one output block after another. Many pixels and one block read
// weights as slowly as possible for the multiplications: they come from memory.
type tileProduct struct{ direct }

// aheadStep is how far the weights to ask for go on with each input channel.
var aheadStep = row

func newTileProduct(v vectors, pixels int) *tileProduct {
	k := &tileProduct{*newDirect(v, 1, pixels)}
	k.contiguous = true
	return k
}

func (k *tileProduct) name() string { return fmt.Sprintf("product%s_%d", k.vectors.name, k.pixels) }

func (k *tileProduct) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *Product)")
	Doc(fmt.Sprintf("%s multiplies %d pixels by the weights of some output blocks.", k.name(), k.pixels))
	Pragma("noescape")
	var a asm.Product
	Load(Param("a"), args)
	k.begin()
	MOVQ(field(unsafe.Offsetof(a.Outs)), column)

	Label("out")
	k.clear()
	MOVQ(field(unsafe.Offsetof(a.Src)), source[0])
	MOVQ(field(unsafe.Offsetof(a.Ins)), block)
	k.multiplyBlocks()
	k.each(func(m, sum Op) { VMOVUPS(sum, m) })
	ADDQ(field(unsafe.Offsetof(a.DstBlock)), to)
	DECQ(column)
	JNZ(LabelRef("out"))
	VZEROUPPER()
	RET()
}

// begin points at the weights and the outputs.
func (k *tileProduct) begin() {
	var a asm.Product
	MOVQ(field(unsafe.Offsetof(a.Weights)), weights)
	MOVQ(field(unsafe.Offsetof(a.Dst)), to)
	MOVQ(field(unsafe.Offsetof(a.Ahead)), ahead)
	MOVQ(field(unsafe.Offsetof(a.AheadStep)), aheadStep)
}

// clear sets the sums to zero, or to what is in the outputs.
func (k *tileProduct) clear() {
	var a asm.Product
	CMPQ(field(unsafe.Offsetof(a.Accumulate)), Imm(0))
	JEQ(LabelRef("zero"))
	k.each(func(m, sum Op) { VMOVUPS(m, sum) })
	JMP(LabelRef("begin"))
	Label("zero")
	for _, sum := range k.sums {
		for _, v := range sum {
			VXORPS(v, v, v)
		}
	}
	Label("begin")
}

// multiplyBlocks multiplies the blocks of input channels that are left.
func (k *tileProduct) multiplyBlocks() {
	var a asm.Product
	Label("block")
	MOVQ(U32(16/unroll), scratch)
	Label("floats")
	for i := range unroll {
		k.ask()
		k.float(i)
	}
	k.advance(unroll)
	DECQ(scratch)
	JNZ(LabelRef("floats"))
	ADDQ(field(unsafe.Offsetof(a.SrcBlock)), source[0])
	DECQ(block)
	JNZ(LabelRef("block"))
}

// ask asks for what will be read later.
func (k *tileProduct) ask() {
	PREFETCHT1(at(ahead, 0))
	ADDQ(aheadStep, ahead)
}

// each calls f for the place of each sum and the sum.
func (k *tileProduct) each(f func(m, sum Op)) {
	for p, sum := range k.sums {
		for v, r := range sum {
			f(at(to, p*64+v*k.bytes), r)
		}
	}
}

// generateProduct writes the kernels of 1 to most pixels.
func generateProduct(v vectors, most int, file string) {
	d := newDispatch("Product", v, "pixels int, a *Product", "pixels")
	for pixels := 1; pixels <= most; pixels++ {
		d.add(newTileProduct(v, pixels), fmt.Sprint(pixels))
	}
	d.write(file)
}
