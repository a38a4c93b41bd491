package main

import (
	"fmt"
	"slices"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// tapTransform writes the transform of a channel's nine taps, 16 output channels at a
// time, along both axes of the kernel:
//
//	half = T · taps, by the columns of the kernel; values = half · Tᵀ
//
// It does so by few rows of the half at a time, and needs few registers. What it
// writes are steps, to stand among other instructions.
type tapTransform struct {
	stride int
	product[VecPhysical]
	all  matrix           // T
	half [2][]VecPhysical // rows of it
	steps

	src, dst, step GPPhysical // taps; values, and the distance between matrices
	first, fourth  GPPhysical // of a row of matrices
}

// newTapTransform gives registers to the values, and loads the constants.
func newTapTransform(stride, m int, free []VecPhysical) *tapTransform {
	t := &tapTransform{stride: stride, all: tapMatrix(stride, m)}
	t.arithmetic, t.coefficients, t.free = recorder{&t.steps}, t.all, free
	loadConstants(&t.product)
	take := func(n int) (taken []VecPhysical) {
		taken, t.free = t.free[:n:n], t.free[n:]
		return taken
	}
	t.in = take(len(t.all[0]))
	for i := range t.half {
		// The last of a row takes the place of an input, which nothing needs any more.
		t.half[i] = append(take(2), t.in[i])
	}
	return t
}

// odd stands for the row of the half that is the middle row of taps as it is, with
// stride 2.
const odd = -1

// rows are those of the half that are made together, in portions of values that are
// alike in number.
func (t *tapTransform) rows() (portions [asm.TapPortions][][]int) {
	switch n := len(t.all); {
	case t.stride == 1 && n == 6:
		return [...][][]int{{{0}, {2, 3}}, {{1}, {4, 5}}}
	case t.stride == 1:
		return [...][][]int{{{0}, {1}, {2, 3}}, nil}
	case n == 5:
		return [...][][]int{{{0}, {2, 3}}, {{1}, {4}, {odd}}}
	default:
		return [...][][]int{{{0}, {1}, {2}, {odd}}, nil}
	}
}

// portion writes one of the transform's portions.
func (t *tapTransform) portion(i int) []func() {
	t.steps = nil
	for _, rows := range t.rows()[i] {
		t.together(rows)
	}
	return t.steps
}

// together writes the values of one row of the half or of two.
func (t *tapTransform) together(rows []int) {
	n := len(t.all)
	load := func(row, column int, to VecPhysical) {
		t.later(func() { VMOVUPS(at(t.src, 1024*(3*row+column)), to) })
	}
	in := t.in
	for c := range 3 {
		if rows[0] == odd {
			load(1, c, t.half[0][c])
			continue
		}
		t.coefficients = nil
		for _, r := range rows {
			t.coefficients = append(t.coefficients, t.all[r])
		}
		for i, x := range in {
			if slices.ContainsFunc(t.coefficients, func(r []float64) bool { return r[i] != 0 }) {
				load(t.stride*i, c, x)
			}
		}
		t.apply(func(i int, sum VecPhysical) { t.move(sum, t.half[i][c]) })
	}
	t.coefficients = t.all
	for i, r := range rows {
		half := t.half[i]
		first, middle := r*n, n*n+r
		if r == odd {
			first, middle = n*n+n, n*n+2*n
		}
		if t.in = half; t.stride == 2 {
			t.in = []VecPhysical{half[0], half[2]}
			t.later(func() { IMUL3Q(U32(middle), t.step, t.first) })
			t.later(func() { VMOVUPS(half[1], Mem{Base: t.dst, Index: t.first, Scale: 1}) })
		}
		t.later(func() { IMUL3Q(U32(first), t.step, t.first) })
		t.later(func() { ADDQ(t.dst, t.first) })
		t.later(func() { LEAQ(Mem{Base: t.first, Index: t.step, Scale: 2}, t.fourth) })
		t.later(func() { ADDQ(t.step, t.fourth) })
		t.apply(func(j int, sum VecPhysical) {
			t.later(func() { VMOVUPS(sum, element(t.first, t.fourth, t.step, j, 0)) })
		})
	}
	t.in = in
}

// steps are instructions to write later.
type steps []func()

func (s *steps) later(f func()) { *s = append(*s, f) }

// recorder is the instructions of AVX, as steps.
type recorder struct{ *steps }

func (r recorder) with(f func(v vectorArithmetic)) { r.steps.later(func() { f(vectorArithmetic{}) }) }

func (r recorder) add(x, y, sum VecPhysical) { r.with(func(v vectorArithmetic) { v.add(x, y, sum) }) }
func (r recorder) subtract(x, y, difference VecPhysical) {
	r.with(func(v vectorArithmetic) { v.subtract(x, y, difference) })
}
func (r recorder) multiply(x, y, product VecPhysical) {
	r.with(func(v vectorArithmetic) { v.multiply(x, y, product) })
}
func (r recorder) multiplyAdd(x, y, sum VecPhysical) {
	r.with(func(v vectorArithmetic) { v.multiplyAdd(x, y, sum) })
}
func (r recorder) multiplySubtract(x, y, sum VecPhysical) {
	r.with(func(v vectorArithmetic) { v.multiplySubtract(x, y, sum) })
}
func (r recorder) move(x, to VecPhysical) { r.with(func(v vectorArithmetic) { v.move(x, to) }) }
func (r recorder) clear(x VecPhysical)    { r.with(func(v vectorArithmetic) { v.clear(x) }) }

// taps is a kernel that transforms blocks of channels.
type taps struct{ stride, m int }

func (k taps) name() string { return fmt.Sprintf("taps%s_%d_%d", avx512.name, k.stride, k.m) }

func (k taps) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *FilterTaps)")
	Doc(fmt.Sprintf("%s transforms filters for tiles of %d.", k.name(), k.m))
	Pragma("noescape")
	var a asm.FilterTaps
	Load(Param("a"), args)
	t := newTapTransform(k.stride, k.m, avx512.regs)
	t.src, t.dst, t.step, t.first, t.fourth = RSI, RDI, RDX, R8, R9
	channels, blocks := RBX, R11
	MOVQ(field(unsafe.Offsetof(a.Src)), t.src)
	MOVQ(field(unsafe.Offsetof(a.Dst)), t.dst)
	MOVQ(field(unsafe.Offsetof(a.DstStep)), t.step)
	MOVQ(field(unsafe.Offsetof(a.Blocks)), blocks)
	Label("block")
	MOVQ(U32(16), channels)
	Label("channel")
	for i := range asm.TapPortions {
		for _, write := range t.portion(i) {
			write()
		}
	}
	ADDQ(Imm(64), t.src)
	ADDQ(Imm(64), t.dst)
	DECQ(channels)
	JNZ(LabelRef("channel"))
	ADDQ(U32(8*1024), t.src)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// generateTaps writes the transforms of AVX-512, which has registers for them.
func generateTaps(file string) {
	d := newDispatch("FilterTaps", avx512, "stride, m int, a *FilterTaps", "10*stride + m")
	for _, stride := range []int{1, 2} {
		for _, m := range []int{2, 4} {
			d.add(taps{stride, m}, fmt.Sprint(10*stride+m))
		}
	}
	d.write(file)
}
