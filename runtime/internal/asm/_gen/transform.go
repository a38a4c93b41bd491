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

// transform is a kernel that multiplies vectors by a small constant matrix.
type transform struct {
	vectors
	product[VecPhysical]
	text   string
	pixels bool // with bias, residual and bounds
}

func (k *transform) name() string { return k.text }

func (k *transform) generate() {
	TEXT(k.text, NOSPLIT, "func(a *Winograd)")
	Doc(fmt.Sprintf("%s makes %d values of %d.", k.text, len(k.coefficients), len(k.coefficients[0])))
	Pragma("noescape")
	var a asm.Winograd
	Load(Param("a"), RAX)
	MOVQ(field(unsafe.Offsetof(a.SrcStep)), RDX)
	MOVQ(field(unsafe.Offsetof(a.DstStep)), RCX)
	k.load()
	if len(k.in) > 6 {
		LEAQ(Mem{Base: RDX, Index: RDX, Scale: 2}, R13)
	}
	var bias []VecPhysical
	var low, high VecPhysical
	if k.pixels {
		bias, k.free = k.free[:k.perBlock()], k.free[k.perBlock():]
		low, high, k.free = k.free[0], k.free[1], k.free[2:]
		MOVQ(field(unsafe.Offsetof(a.Bias)), R10)
		for half, b := range bias {
			VMOVUPS(at(R10, half*k.bytes), b)
		}
		VBROADCASTSS(field(unsafe.Offsetof(a.Low)), low)
		VBROADCASTSS(field(unsafe.Offsetof(a.High)), high)
	}
	Label("line")
	three := func(start uintptr, step, first, fourth Register) {
		MOVQ(field(start), first)
		LEAQ(Mem{Base: first, Index: step, Scale: 2}, fourth)
		ADDQ(step, fourth)
	}
	three(unsafe.Offsetof(a.Src), RDX, RSI, R8)
	three(unsafe.Offsetof(a.Dst), RCX, RDI, R9)
	if k.pixels {
		three(unsafe.Offsetof(a.Residual), RCX, R10, R11)
	}
	MOVQ(field(unsafe.Offsetof(a.Count)), RBX)
	Label("next")
	for half := range k.perBlock() {
		for i, x := range k.in {
			m := element(RSI, R8, RDX, i, half*k.bytes)
			if i == 6 { // three steps from the fourth
				m = Mem{Base: R8, Index: R13, Scale: 1, Disp: half * k.bytes}
			}
			VMOVUPS(m, x)
		}
		k.apply(func(i int, sum VecPhysical) {
			if k.pixels {
				VADDPS(bias[half], sum, sum)
				alone := fmt.Sprintf("alone%d_%d", half, i)
				TESTQ(R10, R10)
				JZ(LabelRef(alone))
				VADDPS(element(R10, R11, RCX, i, half*k.bytes), sum, sum)
				Label(alone)
				VMAXPS(sum, low, sum)
				VMINPS(sum, high, sum)
			}
			VMOVUPS(sum, element(RDI, R9, RCX, i, half*k.bytes))
		})
	}
	MOVQ(field(unsafe.Offsetof(a.SrcNext)), R12)
	ADDQ(R12, RSI)
	ADDQ(R12, R8)
	MOVQ(field(unsafe.Offsetof(a.DstNext)), R12)
	ADDQ(R12, RDI)
	ADDQ(R12, R9)
	if k.pixels {
		TESTQ(R10, R10)
		JZ(LabelRef("none"))
		ADDQ(R12, R10)
		ADDQ(R12, R11)
		Label("none")
	}
	DECQ(RBX)
	JNZ(LabelRef("next"))
	onward := func(start, line uintptr) {
		MOVQ(field(line), R12)
		ADDQ(R12, field(start))
	}
	onward(unsafe.Offsetof(a.Src), unsafe.Offsetof(a.SrcLine))
	onward(unsafe.Offsetof(a.Dst), unsafe.Offsetof(a.DstLine))
	if k.pixels {
		unlessNil(unsafe.Offsetof(a.Residual), "alone", func() {
			onward(unsafe.Offsetof(a.Residual), unsafe.Offsetof(a.ResidualLine))
		})
	}
	DECQ(field(unsafe.Offsetof(a.Lines)))
	JNZ(LabelRef("line"))
	VZEROUPPER()
	RET()
}

// element is the i-th of elements that lie step apart: first is where they
// begin, and fourth is three steps on.
func element(first, fourth, step Register, i, distance int) Mem {
	if i == 3 || i == 5 {
		first, i = fourth, i-3
	}
	m := at(first, distance)
	if i > 0 {
		m.Index, m.Scale = step, uint8(i)
	}
	return m
}

// load gives registers to the inputs and loads the constants.
func (k *transform) load() {
	n := len(k.coefficients[0])
	k.arithmetic = vectorArithmetic{}
	k.in, k.free = k.regs[:n], k.regs[n:]
	loadConstants(&k.product)
}

// loadConstants takes registers of those that are free for the product's constants.
func loadConstants(k *product[VecPhysical]) {
	k.constants = map[float64]VecPhysical{}
	for _, c := range k.factors() {
		k.constants[c], k.free = k.free[0], k.free[1:]
		VBROADCASTSS(constant(c), k.constants[c])
	}
}

func (k *transform) take() VecPhysical {
	r := k.free[0]
	k.free = k.free[1:]
	return r
}

// known are the constants that a set of kernels holds.
var known = map[float64]Mem{}

func constant(c float64) Mem {
	if _, ok := known[c]; !ok {
		known[c] = ConstData(fmt.Sprintf("winograd%d", len(known)), U32(math.Float32bits(float32(c))))
	}
	return known[c]
}

// vectorArithmetic is the instructions of AVX.
type vectorArithmetic struct{}

func (vectorArithmetic) add(x, y, sum VecPhysical)              { VADDPS(y, x, sum) }
func (vectorArithmetic) subtract(x, y, difference VecPhysical)  { VSUBPS(y, x, difference) }
func (vectorArithmetic) multiply(x, y, product VecPhysical)     { VMULPS(y, x, product) }
func (vectorArithmetic) multiplyAdd(x, y, sum VecPhysical)      { VFMADD231PS(y, x, sum) }
func (vectorArithmetic) multiplySubtract(x, y, sum VecPhysical) { VFNMADD231PS(y, x, sum) }
func (vectorArithmetic) move(x, to VecPhysical)                 { VMOVAPS(x, to) }
func (vectorArithmetic) clear(x VecPhysical)                    { VXORPS(x, x, x) }
