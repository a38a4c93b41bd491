package main

import (
	"fmt"
)

// generateNEONSmooth writes the activations that are more than a clamp, in
// place: the formulas of generateSmooth.
func generateNEONSmooth(f *armFile) {
	multiply := func(f *armFile, x, s vec) { f.word(fmul(x, x, s)) }
	keep := func(f *armFile, x, s vec) { f.op("VMOV", s.bytes(), x.bytes()) }
	f.activation("Sigmoid", "1/(1+exp(-x))", logisticValues, (*armFile).logistic, keep)
	f.activation("SiLU", "x/(1+exp(-x))", logisticValues, (*armFile).logistic, multiply)
	f.activation("HardSwish", "x·min(max(x+3, 0), 6)/6", hardSwishValues, (*armFile).hardSwish, multiply)
}

// activation writes a function that replaces floats x by what finish makes of x
// and the result of body, which has the constants c in registers.
func (f *armFile) activation(name, formula string, values []float64,
	body func(f *armFile, x vec, c, free []vec) vec, finish func(f *armFile, x, s vec)) {
	f.function(name+"NEON", "x *float32, blocks int", 2, "replaces blocks of 16 floats by "+formula+".")
	const at, blocks, scratch gp = 0, 1, 2
	f.op("MOVD", "x+0(FP)", at)
	f.op("MOVD", "blocks+8(FP)", blocks)
	c := vecs(0, len(values))
	for i, value := range values {
		f.constant(value, scratch, c[i])
	}
	free := vecs(len(c), 32-len(c))
	x, free := free[:4], free[4:]
	f.label("block")
	f.op("VLD1", fmt.Sprintf("(%v)", at), list(x))
	for i := range x {
		finish(f, x[i], body(f, x[i], c, free[4*i:][:4]))
	}
	f.op("VST1.P", list(x), at.at(64))
	f.op("SUBS", imm(1), blocks)
	f.op("BNE", "block")
	f.op("RET")
}

// logistic computes 1/(1+exp(-x)) as logisticConstants says.
func (f *armFile) logistic(x vec, c, free []vec) vec {
	r, n, p, other := free[0], free[1], free[2], free[3]
	low, high, log2E, ln2High, ln2Low, one := c[0], c[1], c[2], c[3], c[4], c[11]
	f.word(fmax(r, x, low)) // NaN stays NaN
	f.word(fmin(r, r, high))
	f.word(fmul(n, r, log2E))
	f.word(frintn(n, n))
	f.op("VFMLA", ln2High.floats(), n.floats(), r.floats())
	f.op("VFMLA", ln2Low.floats(), n.floats(), r.floats())
	f.word(fcvtns(n, n))
	f.op("VSHL", imm(23), n.floats(), n.floats())
	// Horner's rule: a product is added to where the next coefficient is.
	sum := c[5]
	step := func(mnemonic string, coefficient vec) {
		p, other = other, p
		f.op("VMOV", coefficient.bytes(), p.bytes())
		f.op(mnemonic, sum.floats(), r.floats(), p.floats())
		sum = p
	}
	for _, coefficient := range c[6:11] {
		step("VFMLA", coefficient)
	}
	step("VFMLS", one) // 1 - r·(1 - r·p)
	step("VFMLS", one)
	f.op("VADD", n.floats(), p.floats(), p.floats()) // times 2^n
	f.word(fadd(p, p, one))
	f.word(fdiv(p, one, p))
	return p
}

// hardSwish computes min(max(x+3, 0), 6)/6.
func (f *armFile) hardSwish(x vec, c, free []vec) vec {
	s := free[0]
	f.word(fadd(s, x, c[0]))
	f.word(fmax(s, s, c[1]))
	f.word(fmin(s, s, c[2]))
	f.word(fmul(s, s, c[3]))
	return s
}
