package main

import (
	"fmt"
	"math"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// depthwiseColumns is the width of the kernels of depthwise3.
const depthwiseColumns = 3

// depthwise3 is a depthwise kernel three columns wide. A row of the kernel keeps
// its weights in registers and loads each input of the tile once, for all the
// pixels that it is a tap of: a third of the loads that taps one by one need, so
// that the multipliers set the pace. A block of several registers is computed
// register by register.
type depthwise3 struct {
	tile
	stride  int
	weights []VecPhysical
	inputs  []VecPhysical // one after another
}

func newDepthwise3(v vectors, stride, pixels int) *depthwise3 {
	k := &depthwise3{tile: tile{vectors: v, blocks: 1, pixels: pixels}, stride: stride}
	for p := range pixels {
		k.sums = append(k.sums, v.regs[p:p+1])
	}
	free := v.regs[pixels:]
	k.weights, k.inputs = free[:depthwiseColumns], free[depthwiseColumns:]
	return k
}

func (k *depthwise3) name() string {
	return fmt.Sprintf("depthwise3%s_%dx%d", k.vectors.name, k.stride, k.pixels)
}

// General registers of the kernel, besides those of all kernels.
var (
	rowSrc, rowDst, rowAdded = R8, R9, R10 // the row's first input, output and residual
	tileSrc                  = RBX
	rowsLeft                 = R12
	input                    = RSI // of a kernel row
)

func (k *depthwise3) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *Depthwise3)")
	Doc(fmt.Sprintf("%s computes tiles of %d pixels, with stride %d.", k.name(), k.pixels, k.stride))
	Pragma("noescape")
	var a asm.Depthwise3
	Load(Param("a"), args)
	MOVQ(field(unsafe.Offsetof(a.Src)), rowSrc)
	MOVQ(field(unsafe.Offsetof(a.Dst)), rowDst)
	MOVQ(field(unsafe.Offsetof(a.Residual)), rowAdded)
	MOVQ(field(unsafe.Offsetof(a.Height)), rowsLeft)

	Label("line")
	MOVQ(rowSrc, tileSrc)
	XORQ(to, to)
	Label("tile")
	for half := range k.perBlock() {
		k.half(half)
	}
	ADDQ(U32(k.stride*k.pixels*64), tileSrc)
	ADDQ(U32(k.pixels*64), to)
	CMPQ(to, field(unsafe.Offsetof(a.Width)))
	JLT(LabelRef("tile"))
	ADDQ(field(unsafe.Offsetof(a.SrcLine)), rowSrc)
	ADDQ(field(unsafe.Offsetof(a.DstLine)), rowDst)
	ADDQ(field(unsafe.Offsetof(a.ResidualLine)), rowAdded)
	DECQ(rowsLeft)
	JNZ(LabelRef("line"))
	VZEROUPPER()
	RET()
}

// half computes one register of the block for all pixels of a tile.
func (k *depthwise3) half(half int) {
	var a asm.Depthwise3
	label := func(s string) string { return fmt.Sprintf("%s%d", s, half) }
	offset := half * k.bytes
	MOVQ(field(unsafe.Offsetof(a.Bias)), scratch)
	for _, sum := range k.sums {
		VMOVUPS(at(scratch, offset), sum[0])
	}
	MOVQ(tileSrc, input)
	MOVQ(field(unsafe.Offsetof(a.Weights)), weights)
	MOVQ(field(unsafe.Offsetof(a.Rows)), row)
	MOVQ(field(unsafe.Offsetof(a.RowStep)), scratch)
	Label(label("row"))
	k.kernelRow(offset)
	ADDQ(scratch, input)
	ADDQ(Imm(depthwiseColumns*64), weights)
	DECQ(row)
	JNZ(LabelRef(label("row")))

	unlessNil(unsafe.Offsetof(a.Residual), label("added"), func() {
		for p, sum := range k.sums {
			VADDPS(Mem{Base: rowAdded, Index: to, Scale: 1, Disp: p*64 + offset}, sum[0], sum[0])
		}
	})
	bound := k.weights[0]
	k.limit(label("low"), bound, unsafe.Offsetof(a.Low), math.Inf(-1), func(sum VecPhysical) { VMAXPS(sum, bound, sum) })
	k.limit(label("high"), bound, unsafe.Offsetof(a.High), math.Inf(1), func(sum VecPhysical) { VMINPS(sum, bound, sum) })
	for p, sum := range k.sums {
		VMOVUPS(sum[0], Mem{Base: rowDst, Index: to, Scale: 1, Disp: p*64 + offset})
	}
}

// kernelRow multiplies and adds a row of the kernel.
func (k *depthwise3) kernelRow(offset int) {
	for column, w := range k.weights {
		VMOVUPS(at(weights, column*64+offset), w)
	}
	for i := range (k.pixels-1)*k.stride + depthwiseColumns {
		x := k.inputs[i%len(k.inputs)]
		VMOVUPS(at(input, i*64+offset), x)
		for column, w := range k.weights {
			if p := i - column; p >= 0 && p%k.stride == 0 && p/k.stride < k.pixels {
				VFMADD231PS(x, w, k.sums[p/k.stride][0])
			}
		}
	}
}
