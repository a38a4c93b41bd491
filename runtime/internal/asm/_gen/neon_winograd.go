package main

import (
	"fmt"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// neonTransform is a kernel that multiplies vectors by a small constant matrix.
// Each element of a vector has a pointer of its own.
type neonTransform struct {
	*armFile
	product[vec]
	text   string
	pixels bool // with bias, residual and bounds
}

func (k *neonTransform) name() string { return k.text }

func (k *neonTransform) generate() {
	k.function(k.text, "a *Winograd", 1, fmt.Sprintf("makes %d values of %d.", len(k.coefficients), len(k.coefficients[0])))
	const src, dst, residual, count, srcNext, dstNext, scratch gp = 2, 8, 14, 19, 20, 21, 22
	ins, outs := len(k.coefficients[0]), len(k.coefficients)
	var a asm.Winograd
	k.op("MOVD", "a+0(FP)", gp(0))
	k.fields(map[gp]uintptr{srcNext: unsafe.Offsetof(a.SrcNext), dstNext: unsafe.Offsetof(a.DstNext)})
	k.arithmetic = neonArithmetic{k.armFile}
	k.in, k.free = vecs(0, ins), vecs(ins, 32-ins)
	k.constants = map[float64]vec{}
	for _, c := range k.factors() {
		k.constants[c] = k.take(1)[0]
		k.constant(c, scratch, k.constants[c])
	}
	var bias []vec
	var low, high, added vec
	if k.pixels {
		bias, low, high, added = k.take(4), k.take(1)[0], k.take(1)[0], k.take(1)[0]
		k.op("MOVD", gp(0).at(int(unsafe.Offsetof(a.Bias))), scratch)
		for quarter, b := range bias {
			k.op("FMOVQ", scratch.at(16*quarter), b)
		}
		k.broadcast(unsafe.Offsetof(a.Low), low)
		k.broadcast(unsafe.Offsetof(a.High), high)
	}
	k.label("line")
	k.fields(map[gp]uintptr{count: unsafe.Offsetof(a.Count)})
	k.elements(src, ins, unsafe.Offsetof(a.Src), unsafe.Offsetof(a.SrcStep))
	k.elements(dst, outs, unsafe.Offsetof(a.Dst), unsafe.Offsetof(a.DstStep))
	if k.pixels {
		k.elements(residual, outs, unsafe.Offsetof(a.Residual), unsafe.Offsetof(a.DstStep))
		k.fields(map[gp]uintptr{scratch: unsafe.Offsetof(a.Residual)}) // zero for none
	}
	k.label("next")
	for quarter := range 4 {
		for i, x := range k.in {
			k.op("FMOVQ", (src + gp(i)).at(16*quarter), x)
		}
		k.apply(func(i int, sum vec) {
			if k.pixels {
				alone := fmt.Sprintf("alone%d_%d", quarter, i)
				k.word(fadd(sum, sum, bias[quarter]))
				k.op("CBZ", scratch, alone)
				k.op("FMOVQ", (residual + gp(i)).at(16*quarter), added)
				k.word(fadd(sum, sum, added))
				k.label(alone)
				k.word(fmax(sum, sum, low))
				k.word(fmin(sum, sum, high))
			}
			k.op("FMOVQ", sum, (dst + gp(i)).at(16*quarter))
		})
	}
	k.goOn(src, ins, srcNext)
	k.goOn(dst, outs, dstNext)
	if k.pixels {
		k.goOn(residual, outs, dstNext)
	}
	k.op("SUBS", imm(1), count)
	k.op("BNE", "next")
	k.onward(unsafe.Offsetof(a.Src), unsafe.Offsetof(a.SrcLine))
	k.onward(unsafe.Offsetof(a.Dst), unsafe.Offsetof(a.DstLine))
	if k.pixels {
		k.op("CBZ", scratch, "alone")
		k.onward(unsafe.Offsetof(a.Residual), unsafe.Offsetof(a.ResidualLine))
		k.label("alone")
	}
	k.fields(map[gp]uintptr{count: unsafe.Offsetof(a.Lines)})
	k.op("SUBS", imm(1), count)
	k.op("MOVD", count, gp(0).at(int(unsafe.Offsetof(a.Lines))))
	k.op("BNE", "line")
	k.op("RET")
}

// onward moves a field of the argument to the next line.
func (k *neonTransform) onward(start, line uintptr) {
	k.fields(map[gp]uintptr{1: start, 2: line})
	k.op("ADD", gp(2), gp(1))
	k.op("MOVD", gp(1), gp(0).at(int(start)))
}

// elements points registers, from a first one on, at n elements that lie step
// apart.
func (k *neonTransform) elements(first gp, n int, start, step uintptr) {
	k.op("MOVD", gp(0).at(int(start)), first)
	if n > 1 {
		k.op("MOVD", gp(0).at(int(step)), gp(1))
	}
	for i := gp(1); i < gp(n); i++ {
		k.op("ADD", gp(1), first+i-1, first+i)
	}
}

// goOn moves the pointers to n elements on.
func (k *neonTransform) goOn(first gp, n int, distance gp) {
	for i := range gp(n) {
		k.op("ADD", distance, first+i)
	}
}

func (k *neonTransform) take(n int) []vec {
	v := k.free[:n]
	k.free = k.free[n:]
	return v
}

// neonArithmetic is the instructions of NEON.
type neonArithmetic struct{ *armFile }

func (f neonArithmetic) add(x, y, sum vec)             { f.word(fadd(sum, x, y)) }
func (f neonArithmetic) subtract(x, y, difference vec) { f.word(fsub(difference, x, y)) }
func (f neonArithmetic) multiply(x, y, product vec)    { f.word(fmul(product, x, y)) }
func (f neonArithmetic) multiplyAdd(x, y, sum vec) {
	f.op("VFMLA", y.floats(), x.floats(), sum.floats())
}
func (f neonArithmetic) multiplySubtract(x, y, sum vec) {
	f.op("VFMLS", y.floats(), x.floats(), sum.floats())
}
func (f neonArithmetic) move(x, to vec) { f.op("VMOV", x.bytes(), to.bytes()) }
func (f neonArithmetic) clear(x vec)    { f.op("VEOR", x.bytes(), x.bytes(), x.bytes()) }

// generateNEONWinograd writes the transforms of Winograd's convolution.
func generateNEONWinograd(f *armFile) {
	d := newDispatch("Winograd", neon, "t Transform, a *Winograd", "t")
	eachTransform(func(kind asm.TransformKind, name string, stride, base, m int, coefficients matrix) {
		k := &neonTransform{
			armFile: f, product: product[vec]{coefficients: coefficients}, pixels: kind == asm.Pixels,
			text: fmt.Sprintf("winogradNEON%s_%d_%d", name, stride, m),
		}
		d.add(k, fmt.Sprint(int(asm.NewTransform(kind, stride, base, m))))
	})
	d.write("../winograd_neon_dispatch_arm64.go")
}
