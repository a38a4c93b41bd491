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
//
// With groups of several channels, four of them are taken at a time, whose inputs
// come through four permutations: there is one for three multiplications, where
// taps one by one need as many as multiplications.
type depthwise3 struct {
	tile
	stride       int
	weights      []VecPhysical // of a channel the columns, one channel after another
	permutations []VecPhysical // of each channel
	inputs       []VecPhysical // one after another
}

// groupChannels is how many channels of a group are taken at a time.
const groupChannels = 4

func newDepthwise3(v vectors, stride, pixels int) *depthwise3 {
	k := &depthwise3{tile: tile{vectors: v, blocks: 1, pixels: pixels}, stride: stride}
	for p := range pixels {
		k.sums = append(k.sums, v.regs[p:p+1])
	}
	free := v.regs[pixels:]
	k.weights, k.inputs = free[:depthwiseColumns], free[depthwiseColumns:]
	return k
}

// newGrouped3 is a kernel for groups, of vectors that hold a block.
func newGrouped3(v vectors, stride, pixels int) *depthwise3 {
	k := newDepthwise3(v, stride, pixels)
	free := v.regs[pixels:]
	k.weights, free = free[:groupChannels*depthwiseColumns], free[groupChannels*depthwiseColumns:]
	k.permutations, k.inputs = free[:groupChannels], free[groupChannels:]
	return k
}

func (k *depthwise3) grouped() bool { return k.permutations != nil }

func (k *depthwise3) name() string {
	if k.grouped() {
		return fmt.Sprintf("grouped3%s_%dx%d", k.vectors.name, k.stride, k.pixels)
	}
	return fmt.Sprintf("depthwise3%s_%dx%d", k.vectors.name, k.stride, k.pixels)
}

// General registers of the kernel, besides those of all kernels.
var (
	rowSrc, rowDst, rowAdded = R8, R9, R10 // the row's first input, output and residual
	tileSrc                  = RBX
	rowsLeft                 = R12
	input                    = RSI // of a kernel row
	permutation              = RDI // of the next channel
	channelsLeft             = RCX
	columnStep               = R14 // weights of a column
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
	if k.grouped() {
		MOVQ(field(unsafe.Offsetof(a.Channels)), columnStep)
		SHLQ(Imm(6), columnStep)
	}
	Label(label("row"))
	if k.grouped() {
		k.groupedRow()
	} else {
		k.kernelRow(offset)
		ADDQ(Imm(depthwiseColumns*64), weights)
	}
	ADDQ(scratch, input)
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
	for i := range k.rowInputs() {
		x := k.inputs[i%len(k.inputs)]
		VMOVUPS(at(input, i*64+offset), x)
		k.multiply(i, x, k.weights)
	}
}

// rowInputs is the number of inputs in a row that the tile depends on.
func (k *depthwise3) rowInputs() int { return (k.pixels-1)*k.stride + depthwiseColumns }

// multiply multiplies the i-th input of a row by the columns' weights, each for the
// pixel that it is that tap of.
func (k *depthwise3) multiply(i int, x VecPhysical, columns []VecPhysical) {
	for column, w := range columns {
		if p := i - column; p >= 0 && p%k.stride == 0 && p/k.stride < k.pixels {
			VFMADD231PS(x, w, k.sums[p/k.stride][0])
		}
	}
}

// groupedRow multiplies and adds a row of the kernel, some channels after others.
func (k *depthwise3) groupedRow() {
	var a asm.Depthwise3
	MOVQ(field(unsafe.Offsetof(a.Index)), permutation)
	MOVQ(field(unsafe.Offsetof(a.Channels)), channelsLeft)
	Label("channels")
	for c, r := range k.permutations {
		VMOVUPS(at(permutation, c*64), r)
	}
	for i, w := range k.weights {
		m := at(weights, i/depthwiseColumns*64)
		if column := i % depthwiseColumns; column > 0 {
			m.Index, m.Scale = columnStep, uint8(column)
		}
		VMOVUPS(m, w)
	}
	for i := range k.rowInputs() {
		for c, r := range k.permutations {
			x := k.inputs[(i*groupChannels+c)%len(k.inputs)]
			VPERMPS(at(input, i*64), r, x)
			k.multiply(i, x, k.weights[c*depthwiseColumns:][:depthwiseColumns])
		}
	}
	ADDQ(U32(groupChannels*64), weights)
	ADDQ(U32(groupChannels*64), permutation)
	SUBQ(Imm(groupChannels), channelsLeft)
	JNZ(LabelRef("channels"))
	LEAQ(Mem{Base: weights, Index: columnStep, Scale: depthwiseColumns - 1}, weights)
}
