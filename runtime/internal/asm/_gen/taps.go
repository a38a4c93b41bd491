package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// taps is a kernel that transforms the taps of filters along both axes: the nine of a
// channel come to registers, and its values leave them, one for each matrix.
//
//	half = T · taps, by the columns of the kernel; values = half · Tᵀ
type taps struct {
	stride, m int
}

func (k taps) name() string { return fmt.Sprintf("taps%s_%d_%d", avx512.name, k.stride, k.m) }

func (k taps) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *FilterTaps)")
	Doc(fmt.Sprintf("%s transforms filters for tiles of %d.", k.name(), k.m))
	Pragma("noescape")
	var a asm.FilterTaps
	Load(Param("a"), args)
	step, toRow, src, dst := RDX, RCX, RSI, RDI
	first, fourth, middle, channels, blocks := R8, R9, R10, RBX, R11
	t := &transform{vectors: avx512, product: product[VecPhysical]{coefficients: tapMatrix(k.stride, k.m)}}
	n := len(t.coefficients)
	t.load()
	rows := n // of the half
	if k.stride == 2 {
		rows++ // the odd one
	}
	half := make([][3]VecPhysical, rows)
	for i := range half {
		for c := range half[i] {
			half[i][c] = t.take()
		}
	}
	MOVQ(field(unsafe.Offsetof(a.Src)), src)
	MOVQ(field(unsafe.Offsetof(a.Dst)), dst)
	MOVQ(field(unsafe.Offsetof(a.DstStep)), step)
	IMUL3Q(U32(n), step, toRow)
	MOVQ(field(unsafe.Offsetof(a.Blocks)), blocks)
	Label("block")
	MOVQ(U32(16), channels)
	Label("channel")
	tap := func(row, column int) Mem { return at(src, 1024*(3*row+column)) }
	evens := t.in
	for c := range 3 {
		for i, x := range evens {
			VMOVUPS(tap(k.stride*i, c), x)
		}
		t.apply(func(i int, sum VecPhysical) { VMOVAPS(sum, half[i][c]) })
		if k.stride == 2 {
			VMOVUPS(tap(1, c), half[n][c])
		}
	}
	MOVQ(dst, first)
	LEAQ(Mem{Base: dst, Index: step, Scale: 2}, fourth)
	ADDQ(step, fourth)
	if k.stride == 2 {
		MOVQ(U32(n*n), middle)
		IMULQ(step, middle)
		ADDQ(dst, middle)
	}
	for i, row := range half {
		if i == n { // the odd row, and its middle beside it
			MOVQ(middle, first)
			LEAQ(Mem{Base: first, Index: step, Scale: 2}, fourth)
			ADDQ(step, fourth)
		}
		t.in = row[:]
		if k.stride == 2 {
			t.in = []VecPhysical{row[0], row[2]}
			if i == n {
				VMOVUPS(row[1], element(first, fourth, step, n, 0))
			} else {
				VMOVUPS(row[1], at(middle, 0))
				ADDQ(step, middle)
			}
		}
		t.apply(func(j int, sum VecPhysical) { VMOVUPS(sum, element(first, fourth, step, j, 0)) })
		ADDQ(toRow, first)
		ADDQ(toRow, fourth)
	}
	t.in = evens
	ADDQ(Imm(64), src)
	ADDQ(Imm(64), dst)
	DECQ(channels)
	JNZ(LabelRef("channel"))
	ADDQ(U32(8*1024), src)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// generateTaps writes the kernels of AVX-512, which has registers for all values on
// the way.
func generateTaps(file string) {
	d := newDispatch("FilterTaps", avx512, "stride, m int, a *FilterTaps", "10*stride + m")
	for _, stride := range []int{1, 2} {
		for _, m := range []int{2, 4} {
			d.add(taps{stride, m}, fmt.Sprint(10*stride+m))
		}
	}
	d.write(file)
}
