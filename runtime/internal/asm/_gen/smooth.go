package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// generateSmooth writes the activations that are more than a clamp, in place.
func generateSmooth(sets ...vectors) {
	logistic, hardSwish := logisticConstants(), hardSwishConstants()
	for _, v := range sets {
		generateActivation(v, "Sigmoid", "1/(1+exp(-x))", logistic, func(x, s VecPhysical) { VMOVAPS(s, x) })
		generateActivation(v, "SiLU", "x/(1+exp(-x))", logistic, func(x, s VecPhysical) { VMULPS(s, x, x) })
		generateActivation(v, "HardSwish", "x·min(max(x+3, 0), 6)/6", hardSwish, func(x, s VecPhysical) { VMULPS(s, x, x) })
	}
}

// constants are values that a function keeps broadcast in registers.
type constants struct {
	data []Mem
	// body computes from x, with the constants c, and leaves the result in s.
	body func(v vectors, x VecPhysical, c, free []VecPhysical) (s VecPhysical)
}

func newConstants(name string, values ...float64) (data []Mem) {
	for i, value := range values {
		data = append(data, ConstData(fmt.Sprintf("%s%d", name, i), U32(math.Float32bits(float32(value)))))
	}
	return data
}

// generateActivation writes a function that replaces floats x by what finish
// makes of x and the body's result.
func generateActivation(v vectors, name, formula string, c constants, finish func(x, s VecPhysical)) {
	TEXT(name+v.name, NOSPLIT, "func(x *float32, blocks int)")
	Doc(fmt.Sprintf("%s%s replaces blocks of 16 floats by %s.", name, v.name, formula))
	Pragma("noescape")
	Load(Param("x"), RAX)
	Load(Param("blocks"), RCX)
	held := v.regs[:len(c.data)]
	for i, value := range c.data {
		VBROADCASTSS(value, held[i])
	}
	x, free := v.regs[len(held)], v.regs[len(held)+1:]
	Label("block")
	for i := range v.perBlock() {
		VMOVUPS(at(RAX, i*v.bytes), x)
		finish(x, c.body(v, x, held, free))
		VMOVUPS(x, at(RAX, i*v.bytes))
	}
	ADDQ(Imm(64), RAX)
	DECQ(RCX)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// The constants of the functions, in the order of the registers that hold them.
var (
	logisticValues = []float64{
		-86, 86, // beyond, one of 1 and exp(-x) is lost in the other
		-math.Log2E, 0.693359375, -2.12194440e-4,
		-1.9875691500e-4, 1.3981999507e-3, -8.3334519073e-3, 4.1665795894e-2, -1.6666665459e-1, 5.0000001201e-1,
		1,
	}
	hardSwishValues = []float64{3, 0, 6, 1.0 / 6}
)

// logisticConstants compute 1/(1+exp(-x)), with exp(-x) = 2^n · exp(-r),
// r = x + n·ln 2 in ±ln(2)/2. ln 2 is in two parts so that r is exact; exp is
// the polynomial of Cephes' expf (S. Moshier), whose error is below 1e-7.
func logisticConstants() constants {
	return constants{
		data: newConstants("logistic", logisticValues...),
		body: func(v vectors, x VecPhysical, c, free []VecPhysical) VecPhysical {
			r, n, p := free[0], free[1], free[2]
			low, high, log2E, ln2High, ln2Low, one := c[0], c[1], c[2], c[3], c[4], c[11]
			VMAXPS(x, low, r) // NaN stays NaN
			VMINPS(r, high, r)
			VMULPS(log2E, r, n)
			v.round(n)
			VFMADD231PS(ln2High, n, r)
			VFMADD231PS(ln2Low, n, r)
			VMOVAPS(c[5], p)
			for _, coefficient := range c[6:11] {
				VFMADD213PS(coefficient, r, p)
			}
			VFMSUB213PS(one, r, p)
			VFMADD213PS(one, r, p)
			v.scale(p, n)
			VADDPS(one, p, p)
			VDIVPS(p, one, p)
			return p
		},
	}
}

// hardSwishConstants compute min(max(x+3, 0), 6)/6.
func hardSwishConstants() constants {
	return constants{
		data: newConstants("hardSwish", hardSwishValues...),
		body: func(v vectors, x VecPhysical, c, free []VecPhysical) VecPhysical {
			s := free[0]
			VADDPS(c[0], x, s)
			VMAXPS(s, c[1], s)
			VMINPS(s, c[2], s)
			VMULPS(c[3], s, s)
			return s
		},
	}
}

// round rounds to the nearest integer.
func (v vectors) round(x VecPhysical) {
	if v.bytes == 64 {
		VRNDSCALEPS(Imm(0), x, x)
	} else {
		VROUNDPS(Imm(8), x, x)
	}
}

// scale multiplies x by 2^n, and may spoil n. Neither is near the ends of their
// ranges.
func (v vectors) scale(x, n VecPhysical) {
	if v.bytes == 64 {
		VSCALEFPS(n, x, x)
		return
	}
	VCVTPS2DQ(n, n)
	VPSLLD(Imm(23), n, n)
	VPADDD(n, x, x)
}
