package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// tapsProduct is a kernel of products that meanwhile transforms taps: with the
// multiplications of a block of input channels, a portion of one channel's. Alone the
// transform waits for its stores, which go to the second cache, and the products
// leave just these be. Tiles are those of F(4×4).
type tapsProduct struct {
	tileProduct
	stride, portion int
}

func (k *tapsProduct) name() string {
	return fmt.Sprintf("productTaps%s_%d_%d_%d", k.vectors.name, k.stride, k.portion, k.pixels)
}

func (k *tapsProduct) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *ProductTaps)")
	Doc(fmt.Sprintf("%s multiplies %d pixels and transforms filters.", k.name(), k.pixels))
	Pragma("noescape")
	var a asm.ProductTaps
	Load(Param("a"), args)
	t := newTapTransform(k.stride, 4, k.broadcasts)
	t.src, t.dst, t.step, t.first, t.fourth = RDI, R12, RCX, R8, R9
	channels := R14
	MOVQ(field(unsafe.Offsetof(a.Next.Src)+unsafe.Offsetof(a.Next)), t.src)
	MOVQ(field(unsafe.Offsetof(a.Next.Dst)+unsafe.Offsetof(a.Next)), t.dst)
	MOVQ(field(unsafe.Offsetof(a.Next.DstStep)+unsafe.Offsetof(a.Next)), t.step)
	MOVQ(field(unsafe.Offsetof(a.Channels)), channels)
	k.begin()
	k.clear()
	MOVQ(field(unsafe.Offsetof(a.Src)), source[0])
	MOVQ(field(unsafe.Offsetof(a.Ins)), block)
	Label("taps")
	steps := t.portion(k.portion)
	slots, done := 16*k.pixels, 0
	asks := asm.TapAsks(k.stride)
	for i := range 16 {
		if i*asks%16 < asks {
			k.ask()
		}
		VMOVUPS(at(weights, i*k.bytes), k.weights[0])
		for p, sum := range k.sums {
			VFMADD231PS_BCST(k.input(p, 4*i), k.weights[0], sum[0])
			for ; done*slots < (i*k.pixels+p+1)*len(steps); done++ {
				steps[done]()
			}
		}
	}
	k.advance(16)
	ADDQ(Imm(64), t.src)
	ADDQ(Imm(64), t.dst)
	ADDQ(field(unsafe.Offsetof(a.SrcBlock)), source[0])
	DECQ(block)
	JZ(LabelRef("end"))
	DECQ(channels)
	JNZ(LabelRef("taps"))
	k.multiplyBlocks()
	Label("end")
	k.each(func(m, sum Op) { VMOVUPS(sum, m) })
	VZEROUPPER()
	RET()
}

// generateProductTaps writes the kernels for both strides.
func generateProductTaps(file string) {
	d := newDispatch("ProductTaps", avx512, "stride, portion, tiles int, a *ProductTaps", "stride<<8 | portion<<5 | tiles")
	for _, stride := range []int{1, 2} {
		for portion := range asm.TapPortions {
			for tiles := range len(avx512.regs) {
				if asm.TransformsTaps(tiles) {
					k := &tapsProduct{*newTileProduct(avx512, tiles), stride, portion}
					d.add(k, fmt.Sprint(stride<<8|portion<<5|tiles))
				}
			}
		}
	}
	d.write(file)
}
