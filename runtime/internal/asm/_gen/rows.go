package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// generateRows writes the kernels of pooling, of what is done value by value, of
// linear layers, and of folding.
func generateRows(sets ...vectors) {
	for _, v := range sets {
		generatePool(v, "MaxPool", "max", true, func(x Op, sum VecPhysical) { VMAXPS(x, sum, sum) })
		generatePool(v, "SumPool", "Σ", false, func(x Op, sum VecPhysical) { VADDPS(x, sum, sum) })
		generateMaxPool3(v)
		generateMulAdd(v)
		generateDense(v)
	}
	generateScale()
}

// generatePool writes a pooling of whole windows: for each pixel a loop over the
// rows and columns of its window, a block in registers. It notes NaN for a maximum.
func generatePool(v vectors, name, symbol string, largest bool, combine func(x Op, sum VecPhysical)) {
	TEXT(name+v.name, NOSPLIT, "func(a *Pooling)")
	Doc(name + v.name + " combines the values of each window by " + symbol + ".")
	Pragma("noescape")
	var a asm.Pooling
	Load(Param("a"), RAX)
	MOVQ(field(unsafe.Offsetof(a.Dst)), RDI)
	MOVQ(field(unsafe.Offsetof(a.Src)), RSI)
	MOVQ(field(unsafe.Offsetof(a.Width)), RCX)
	if largest {
		clearInvalid(unsafe.Offsetof(a.Status))
	}
	sums := v.regs[:v.perBlock()]
	scale := v.regs[v.perBlock()]
	VBROADCASTSS(field(unsafe.Offsetof(a.Scale)), scale)

	alignLoop() // all of it, or the processor may take a third more time
	Label("pixel")
	MOVQ(RSI, R8) // start of a row of the window
	MOVQ(field(unsafe.Offsetof(a.Rows)), R9)
	for _, s := range sums {
		VBROADCASTSS(field(unsafe.Offsetof(a.Start)), s)
	}
	Label("row")
	MOVQ(R8, R10)
	MOVQ(field(unsafe.Offsetof(a.Columns)), R11)
	Label("column")
	for i, s := range sums {
		combine(at(R10, i*v.bytes), s)
	}
	ADDQ(Imm(64), R10)
	DECQ(R11)
	JNZ(LabelRef("column"))
	ADDQ(field(unsafe.Offsetof(a.RowStep)), R8)
	DECQ(R9)
	JNZ(LabelRef("row"))
	for i, s := range sums {
		VMULPS(scale, s, s)
		VMOVUPS(s, at(RDI, i*v.bytes))
	}
	ADDQ(Imm(64), RDI)
	ADDQ(field(unsafe.Offsetof(a.Pixel)), RSI)
	DECQ(RCX)
	JNZ(LabelRef("pixel"))
	if largest {
		STMXCSR(field(unsafe.Offsetof(a.Status)))
	}
	VZEROUPPER()
	RET()
}

// alignLoop starts what follows, a loop, at a cache line.
func alignLoop() { Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{U8(64)}}) }

// generateMaxPool3 writes the largest values of windows of 3×3 with stride 2: the largest
// of a column's three is computed once for the two windows that have it.
func generateMaxPool3(v vectors) {
	TEXT("MaxPool3"+v.name, NOSPLIT, "func(a *MaxPool3)")
	Doc("MaxPool3" + v.name + " computes the largest values of a row of windows.")
	Pragma("noescape")
	var a asm.MaxPool3
	Load(Param("a"), RAX)
	rows := []GPPhysical{R8, R9, R10}
	for i, r := range rows {
		MOVQ(field(unsafe.Offsetof(a.Rows)+uintptr(8*i)), r)
	}
	MOVQ(field(unsafe.Offsetof(a.Dst)), RDI)
	MOVQ(field(unsafe.Offsetof(a.Width)), RCX)
	clearInvalid(unsafe.Offsetof(a.Status))
	n := v.perBlock()
	last, columns := v.regs[:n], [2][]VecPhysical{v.regs[n : 2*n], v.regs[2*n : 3*n]}
	column := func(distance int, largest []VecPhysical) {
		for half, x := range largest {
			VMOVUPS(at(rows[0], distance+half*v.bytes), x)
			VMAXPS(at(rows[1], distance+half*v.bytes), x, x)
			VMAXPS(at(rows[2], distance+half*v.bytes), x, x)
		}
	}
	for _, x := range last {
		VBROADCASTSS(field(unsafe.Offsetof(a.Start)), x)
	}
	CMPQ(field(unsafe.Offsetof(a.Before)), Imm(0))
	JEQ(LabelRef("pixel"))
	column(-64, last)
	Label("pixel")
	column(0, columns[0])
	column(64, columns[1])
	for half, x := range columns[0] {
		VMAXPS(last[half], x, x)
		VMAXPS(columns[1][half], x, x)
		VMOVUPS(x, at(RDI, half*v.bytes))
		VMOVAPS(columns[1][half], last[half])
	}
	for _, r := range rows {
		ADDQ(U32(128), r)
	}
	ADDQ(Imm(64), RDI)
	DECQ(RCX)
	JNZ(LabelRef("pixel"))
	STMXCSR(field(unsafe.Offsetof(a.Status)))
	VZEROUPPER()
	RET()
}

// clearInvalid clears the bit of the processor's status that VMAXPS sets where an operand
// is NaN, if it is set from before. VMAXPS itself returns the second operand then, which
// may be the other one: that a row has NaN is all that its kernel can tell.
func clearInvalid(status uintptr) {
	STMXCSR(field(status))
	TESTB(Imm(asm.StatusInvalid), field(status))
	JEQ(LabelRef("clear"))
	ANDL(I8(^asm.StatusInvalid), field(status))
	LDMXCSR(field(status))
	Label("clear")
}

// generateMulAdd writes dst = min(max(x·y + z, low), high) over blocks.
func generateMulAdd(v vectors) {
	TEXT("MulAdd"+v.name, NOSPLIT, "func(a *MulAdd)")
	Doc("MulAdd" + v.name + " multiplies, adds and clamps.")
	Pragma("noescape")
	var a asm.MulAdd
	Load(Param("a"), RAX)
	MOVQ(field(unsafe.Offsetof(a.Dst)), RDI)
	MOVQ(field(unsafe.Offsetof(a.X)), RSI)
	MOVQ(field(unsafe.Offsetof(a.Y)), R8)
	MOVQ(field(unsafe.Offsetof(a.Z)), R9)
	MOVQ(field(unsafe.Offsetof(a.YStep)), R10)
	MOVQ(field(unsafe.Offsetof(a.ZStep)), R11)
	MOVQ(field(unsafe.Offsetof(a.Blocks)), RCX)
	low, high, x, y := v.regs[0], v.regs[1], v.regs[2], v.regs[3]
	VBROADCASTSS(field(unsafe.Offsetof(a.Low)), low)
	VBROADCASTSS(field(unsafe.Offsetof(a.High)), high)
	Label("block")
	for i := range v.perBlock() {
		VMOVUPS(at(RSI, i*v.bytes), x)
		VMOVUPS(at(R8, i*v.bytes), y)
		VFMADD213PS(at(R9, i*v.bytes), y, x)
		VMAXPS(x, low, x) // NaN stays NaN
		VMINPS(x, high, x)
		VMOVUPS(x, at(RDI, i*v.bytes))
	}
	ADDQ(Imm(64), RDI)
	ADDQ(Imm(64), RSI)
	ADDQ(R10, R8)
	ADDQ(R11, R9)
	DECQ(RCX)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// denseUnroll is the number of sums that a linear layer keeps for each output,
// so that one multiply-add need not wait for the one before.
const denseUnroll = 4

// generateDense writes sums[k] += Σ src[i]·weights[i][k].
func generateDense(v vectors) {
	TEXT("Dense"+v.name, NOSPLIT, "func(sums, src, weights *float32, n int)")
	Doc("Dense"+v.name+" adds n inputs times their weights to 16 sums. Inputs are taken by turns",
		"into four partial sums, which are added up last.")
	Pragma("noescape")
	Load(Param("sums"), RDI)
	Load(Param("src"), RSI)
	Load(Param("weights"), RBX)
	Load(Param("n"), RCX)
	per := v.perBlock()
	sum := func(turn, i int) VecPhysical { return v.regs[turn*per+i] }
	x := v.regs[denseUnroll*per]
	for turn := range denseUnroll {
		for i := range per {
			VXORPS(sum(turn, i), sum(turn, i), sum(turn, i))
		}
	}
	step := func(turn int) {
		VBROADCASTSS(at(RSI, 4*turn), x)
		for i := range per {
			VFMADD231PS(at(RBX, 64*turn+i*v.bytes), x, sum(turn, i))
		}
	}
	Label("four")
	CMPQ(RCX, Imm(denseUnroll))
	JL(LabelRef("rest"))
	for turn := range denseUnroll {
		PREFETCHT1(at(RBX, asm.WeightsAhead+64*turn))
		step(turn)
	}
	ADDQ(Imm(4*denseUnroll), RSI)
	ADDQ(U32(64*denseUnroll), RBX)
	SUBQ(Imm(denseUnroll), RCX)
	JMP(LabelRef("four"))
	Label("rest")
	TESTQ(RCX, RCX)
	JZ(LabelRef("add"))
	step(0)
	ADDQ(Imm(4), RSI)
	ADDQ(Imm(64), RBX)
	DECQ(RCX)
	JMP(LabelRef("rest"))
	Label("add")
	for i := range per {
		VADDPS(sum(1, i), sum(0, i), sum(0, i))
		VADDPS(sum(3, i), sum(2, i), sum(2, i))
		VADDPS(sum(2, i), sum(0, i), sum(0, i))
		VADDPS(at(RDI, i*v.bytes), sum(0, i), sum(0, i))
		VMOVUPS(sum(0, i), at(RDI, i*v.bytes))
	}
	VZEROUPPER()
	RET()
}

// generateScale writes dst[i] = src[i]·scale, computed and rounded as float64, and
// the largest magnitude among them. It is the same for all tiers of amd64.
func generateScale() {
	TEXT("Scale", NOSPLIT, "func(dst, src *float32, n int, scale float64) (largest uint32)")
	Doc("Scale multiplies 4·n floats, not none, by a float64 and rounds each product once.",
		"It returns the bits of the largest magnitude.")
	Pragma("noescape")
	Load(Param("dst"), RDI)
	Load(Param("src"), RSI)
	Load(Param("n"), RCX)
	VBROADCASTSD(NewParamAddr("scale", 24), Y0)
	VPCMPEQD(X1, X1, X1)
	VPSRLD(Imm(1), X1, X1) // all bits but the sign
	VPXOR(X2, X2, X2)
	Label("four")
	VCVTPS2PD(Mem{Base: RSI}, Y3)
	VMULPD(Y0, Y3, Y3)
	VCVTPD2PSY(Y3, X3)
	VMOVUPS(X3, Mem{Base: RDI})
	VPAND(X1, X3, X3)
	VPMAXUD(X3, X2, X2)
	ADDQ(Imm(16), RSI)
	ADDQ(Imm(16), RDI)
	DECQ(RCX)
	JNZ(LabelRef("four"))
	for _, half := range []uint64{0b1110, 0b01} {
		VPSHUFD(Imm(half), X2, X3)
		VPMAXUD(X3, X2, X2)
	}
	VMOVD(X2, EAX)
	Store(EAX, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
