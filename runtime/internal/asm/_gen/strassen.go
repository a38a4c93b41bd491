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
		generatePartSums(v)
		generateLastQuarter(v)
		generateMatrices(v)
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
	zero := v.regs[8]
	VXORPS(zero.AsX(), zero.AsX(), zero.AsX())
	Label("line")
	MOVQ(field(unsafe.Offsetof(a.Pixels)), RBX)
	Label("pixel")
	for i := range v.perBlock() {
		quarter := v.regs[:4]
		s1, s2, s3, s4 := v.regs[4], v.regs[5], v.regs[6], v.regs[7]
		for q, x := range quarter {
			VMOVUPS(at(from[q], i*v.bytes), x)
		}
		VADDPS(quarter[3], quarter[2], s2)
		VSUBPS(s2, zero, s1)
		VSUBPS(quarter[0], s2, s2)
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
	for _, r := range to {
		ADDQ(field(unsafe.Offsetof(a.SumSkip)), r)
	}
	DECQ(field(unsafe.Offsetof(a.Lines)))
	JNZ(LabelRef("line"))
	VZEROUPPER()
	RET()
}

func generatePartSums(v vectors) {
	TEXT("PartSums"+v.name, NOSPLIT, "func(a *PartSums)")
	Doc("PartSums" + v.name + " adds rows of pixels.")
	Pragma("noescape")
	var a asm.PartSums
	Load(Param("a"), args)
	load := func(offset uintptr, r GPPhysical) GPPhysical {
		MOVQ(field(offset), r)
		return r
	}
	// Pointers to A11, A12, A21 and A22, and distances to their parts.
	from := []GPPhysical{RSI, RDI, R8, R9}
	load(unsafe.Offsetof(a.A), from[0])
	MOVQ(from[0], from[1])
	ADDQ(field(unsafe.Offsetof(a.Half)), from[1])
	for i := range 2 {
		MOVQ(from[i], from[2+i])
		ADDQ(field(unsafe.Offsetof(a.Row)), from[2+i])
	}
	right, below := load(unsafe.Offsetof(a.Quarter), R10), load(unsafe.Offsetof(a.Column), R11)
	both := R12
	LEAQ(Mem{Base: right, Index: below, Scale: 1}, both)
	sums, parts, to := load(unsafe.Offsetof(a.Sums), R13), load(unsafe.Offsetof(a.Parts), R15), RDX
	scratch, next, count := RCX, R14, RBX

	o, t, s2, zero := v.regs[:4], v.regs[4], v.regs[5], v.regs[6]
	VXORPS(zero.AsX(), zero.AsX(), zero.AsX())
	Label("line")
	load(unsafe.Offsetof(a.Pixels), count)
	Label("pixel")
	for i := range v.perBlock() {
		// quarter is memory of a part of a quarter of the matrix.
		quarter := func(q, part int) Mem {
			m := at(from[q], i*v.bytes)
			if part > 0 {
				m.Index, m.Scale = []GPPhysical{right, below, both}[part-1], 1
			}
			return m
		}
		// operands put the parts of the left sides of products into o.
		copied := func(q int) func(int) {
			return func(part int) { VMOVUPS(quarter(q, part), o[part]) }
		}
		second := func(part int) {
			VMOVUPS(quarter(3, part), o[part])
			VADDPS(quarter(2, part), o[part], o[part])
			VSUBPS(quarter(0, part), o[part], o[part])
		}
		operands := []struct {
			sum int // of the matrix, from 1 on, or 0
			f   func(part int)
		}{
			{0, copied(0)},
			{0, copied(1)},
			{2, second},
			{1, func(part int) {
				VMOVUPS(quarter(3, part), o[part])
				VADDPS(quarter(2, part), o[part], o[part])
				VSUBPS(o[part], zero, o[part])
			}},
			{3, func(part int) {
				VMOVUPS(quarter(0, part), o[part])
				VSUBPS(quarter(2, part), o[part], o[part])
			}},
			{4, func(part int) {
				second(part)
				VMOVUPS(quarter(1, part), t)
				VSUBPS(o[part], t, o[part])
			}},
			{0, copied(3)},
		}
		MOVQ(parts, to)
		for _, operand := range operands {
			for part := range o {
				operand.f(part)
			}
			if operand.sum > 0 {
				// The third part is the left side of no product.
				MOVQ(sums, scratch)
				for range operand.sum - 1 {
					ADDQ(field(unsafe.Offsetof(a.SumSize)), scratch)
				}
				VMOVUPS(o[0], at(scratch, i*v.bytes))
				MOVQ(scratch, next)
				ADDQ(field(unsafe.Offsetof(a.SumQuarter)), next)
				VMOVUPS(o[1], at(next, i*v.bytes))
				ADDQ(field(unsafe.Offsetof(a.SumLastQuarter)), scratch)
				VMOVUPS(o[3], at(scratch, i*v.bytes))
			}
			store := func(x VecPhysical) {
				VMOVUPS(x, at(to, i*v.bytes))
				ADDQ(field(unsafe.Offsetof(a.PartSize)), to)
			}
			VADDPS(o[2], o[3], s2)
			VSUBPS(s2, zero, t)
			store(t)
			VSUBPS(o[0], s2, s2)
			store(s2)
			VSUBPS(o[2], o[0], t)
			store(t)
			VSUBPS(s2, o[1], t)
			store(t)
		}
	}
	for _, r := range from {
		ADDQ(field(unsafe.Offsetof(a.Pixel)), r)
	}
	ADDQ(Imm(64), sums)
	ADDQ(Imm(64), parts)
	DECQ(count)
	JNZ(LabelRef("pixel"))
	for _, r := range from {
		ADDQ(field(unsafe.Offsetof(a.Skip)), r)
	}
	ADDQ(field(unsafe.Offsetof(a.SumSkip)), sums)
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
	addends := []GPPhysical{R11, R12}
	for i, r := range addends {
		load(unsafe.Offsetof(a.Addends)+uintptr(8*i), r)
	}
	count := RBX
	for i, b := range bias {
		VMOVUPS(at(R10, i*v.bytes), b)
	}
	VBROADCASTSS(field(unsafe.Offsetof(a.Low)), low)
	VBROADCASTSS(field(unsafe.Offsetof(a.High)), high)
	skip := func(offset uintptr, pointers ...GPPhysical) {
		for _, r := range pointers {
			ADDQ(field(offset), r)
		}
	}
	pixels := func(label string, addends []GPPhysical) {
		Label(label + "_line")
		load(unsafe.Offsetof(a.Pixels), count)
		Label(label)
		for i := range bias {
			VMOVUPS(at(plus, i*v.bytes), difference)
			VSUBPS(at(minus, i*v.bytes), difference, difference)
			VADDPS(at(x, i*v.bytes), bias[i], sum)
			VADDPS(difference, sum, sum)
			for _, r := range addends {
				VADDPS(at(r, i*v.bytes), sum, sum)
			}
			VMAXPS(sum, low, sum)
			VMINPS(sum, high, sum)
			VMOVUPS(sum, at(dst, i*v.bytes))
		}
		for _, r := range append([]GPPhysical{dst, x, plus, minus}, addends...) {
			ADDQ(Imm(64), r)
		}
		DECQ(count)
		JNZ(LabelRef(label))
		skip(unsafe.Offsetof(a.DstSkip), dst)
		skip(unsafe.Offsetof(a.ResultSkip), x, plus, minus)
		for i, r := range addends {
			skip(unsafe.Offsetof(a.AddendSkips)+uintptr(8*i), r)
		}
		DECQ(field(unsafe.Offsetof(a.Lines)))
		JNZ(LabelRef(label + "_line"))
		VZEROUPPER()
		RET()
	}
	for i, label := range []string{"alone", "one"} {
		TESTQ(addends[i], addends[i])
		JNZ(LabelRef("more_than_" + label))
		pixels(label, addends[:i])
		Label("more_than_" + label)
	}
	pixels("two", addends)
}

func generateMatrices(v vectors) {
	TEXT("Matrices"+v.name, NOSPLIT, "func(a *Matrices)")
	Doc("Matrices" + v.name + " adds and subtracts blocks of weights.")
	Pragma("noescape")
	var a asm.Matrices
	Load(Param("a"), args)
	b11, t1, t2, count := RSI, RDI, R8, RCX
	MOVQ(field(unsafe.Offsetof(a.B11)), b11)
	MOVQ(field(unsafe.Offsetof(a.T1)), t1)
	MOVQ(field(unsafe.Offsetof(a.T2)), t2)
	MOVQ(field(unsafe.Offsetof(a.Blocks)), count)
	x := v.regs[0]
	Label("block")
	for i := range v.perBlock() {
		VMOVUPS(at(b11, i*v.bytes), x)
		VSUBPS(at(t1, i*v.bytes), x, x)
		VMOVUPS(x, at(t1, i*v.bytes))
		VADDPS(at(t2, i*v.bytes), x, x)
		VMOVUPS(x, at(t2, i*v.bytes))
	}
	for _, r := range []GPPhysical{b11, t1, t2} {
		ADDQ(Imm(64), r)
	}
	DECQ(count)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
