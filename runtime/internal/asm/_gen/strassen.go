package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// generateStrassen writes what Strassen's algorithm adds.
func generateStrassen(sets ...vectors) {
	for _, v := range sets {
		generateQuarterSums(v)
		generateLastQuarter(v)
	}
}

func generateQuarterSums(v vectors) {
	TEXT("QuarterSums"+v.name, NOSPLIT, "func(a *QuarterSums)")
	Doc("QuarterSums" + v.name + " adds rows of pixels.")
	Pragma("noescape")
	var a asm.QuarterSums
	Load(Param("a"), args)
	from := []GPPhysical{RSI, RDI, R8, R9}
	to := []GPPhysical{R10, R11, R12, R13}
	for i := range 4 {
		MOVQ(field(unsafe.Offsetof(a.A)+uintptr(8*i)), from[i])
		MOVQ(field(unsafe.Offsetof(a.S)+uintptr(8*i)), to[i])
	}
	MOVQ(field(unsafe.Offsetof(a.Pixel)), pixel)
	Label("line")
	MOVQ(field(unsafe.Offsetof(a.Pixels)), RBX)
	Label("pixel")
	for i := range v.perBlock() {
		quarter := v.regs[:4]
		s1, s2, s3, s4 := v.regs[4], v.regs[5], v.regs[6], v.regs[7]
		for q, x := range quarter {
			VMOVUPS(at(from[q], i*v.bytes), x)
		}
		VADDPS(quarter[3], quarter[2], s1)
		VSUBPS(quarter[0], s1, s2)
		VSUBPS(quarter[2], quarter[0], s3)
		VSUBPS(s2, quarter[1], s4)
		for k, s := range []VecPhysical{s1, s2, s3, s4} {
			VMOVUPS(s, at(to[k], i*v.bytes))
		}
	}
	for i := range 4 {
		ADDQ(pixel, from[i])
		ADDQ(Imm(64), to[i])
	}
	DECQ(RBX)
	JNZ(LabelRef("pixel"))
	for _, r := range from {
		ADDQ(field(unsafe.Offsetof(a.Skip)), r)
	}
	DECQ(field(unsafe.Offsetof(a.Lines)))
	JNZ(LabelRef("line"))
	VZEROUPPER()
	RET()
}

func generateLastQuarter(v vectors) {
	TEXT("LastQuarter"+v.name, NOSPLIT, "func(a *LastQuarter)")
	Doc("LastQuarter" + v.name + " adds rows of pixels.")
	Pragma("noescape")
	var a asm.LastQuarter
	Load(Param("a"), args)
	low, high, sum, difference := v.regs[0], v.regs[1], v.regs[2], v.regs[3]
	bias := v.regs[4:][:v.perBlock()]
	load := func(offset uintptr, r GPPhysical) GPPhysical {
		MOVQ(field(offset), r)
		return r
	}
	dst, x := load(unsafe.Offsetof(a.Dst), RDI), load(unsafe.Offsetof(a.X), RSI)
	plus, minus := load(unsafe.Offsetof(a.W), R8), load(unsafe.Offsetof(a.V), R9)
	load(unsafe.Offsetof(a.Bias), R10)
	residual, count := load(unsafe.Offsetof(a.Residual), R11), RBX
	for i, b := range bias {
		VMOVUPS(at(R10, i*v.bytes), b)
	}
	VBROADCASTSS(field(unsafe.Offsetof(a.Low)), low)
	VBROADCASTSS(field(unsafe.Offsetof(a.High)), high)
	pixels := func(label string, more func(i int)) {
		Label(label + "_line")
		load(unsafe.Offsetof(a.Pixels), count)
		Label(label)
		for i := range bias {
			VMOVUPS(at(plus, i*v.bytes), difference)
			VSUBPS(at(minus, i*v.bytes), difference, difference)
			VADDPS(at(x, i*v.bytes), bias[i], sum)
			VADDPS(difference, sum, sum)
			more(i)
			VMAXPS(sum, low, sum)
			VMINPS(sum, high, sum)
			VMOVUPS(sum, at(dst, i*v.bytes))
		}
		for _, r := range []GPPhysical{dst, x, plus, minus, residual} {
			ADDQ(Imm(64), r)
		}
		DECQ(count)
		JNZ(LabelRef(label))
		ADDQ(field(unsafe.Offsetof(a.DstSkip)), dst)
		ADDQ(field(unsafe.Offsetof(a.ResidualSkip)), residual)
		DECQ(field(unsafe.Offsetof(a.Lines)))
		JNZ(LabelRef(label + "_line"))
		VZEROUPPER()
		RET()
	}
	TESTQ(residual, residual)
	JNZ(LabelRef("added_line"))
	pixels("alone", func(int) {})
	pixels("added", func(i int) { VADDPS(at(residual, i*v.bytes), sum, sum) })
}
