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
	text         string
	coefficients matrix
	pixels       bool // with bias, residual and bounds

	in        []VecPhysical
	free      []VecPhysical
	constants map[float64]VecPhysical
}

func (k *transform) name() string { return k.text }

func (k *transform) generate() {
	TEXT(k.text, NOSPLIT, "func(a *Winograd)")
	Doc(fmt.Sprintf("%s makes %d values of %d.", k.text, len(k.coefficients), len(k.coefficients[0])))
	Pragma("noescape")
	var a asm.Winograd
	Load(Param("a"), RAX)
	MOVQ(field(unsafe.Offsetof(a.Src)), RSI)
	MOVQ(field(unsafe.Offsetof(a.SrcStep)), RDX)
	MOVQ(field(unsafe.Offsetof(a.Dst)), RDI)
	MOVQ(field(unsafe.Offsetof(a.DstStep)), RCX)
	MOVQ(field(unsafe.Offsetof(a.Count)), RBX)
	LEAQ(Mem{Base: RSI, Index: RDX, Scale: 2}, R8)
	ADDQ(RDX, R8)
	LEAQ(Mem{Base: RDI, Index: RCX, Scale: 2}, R9)
	ADDQ(RCX, R9)
	k.load()
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
		MOVQ(field(unsafe.Offsetof(a.Residual)), R10)
		LEAQ(Mem{Base: R10, Index: RCX, Scale: 2}, R11)
		ADDQ(RCX, R11)
	}
	Label("next")
	for half := range k.perBlock() {
		for i, x := range k.in {
			VMOVUPS(element(RSI, R8, RDX, i, half*k.bytes), x)
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
	k.constants = map[float64]VecPhysical{}
	n := len(k.coefficients[0])
	k.in, k.free = k.regs[:n], k.regs[n:]
	for _, row := range k.coefficients {
		for _, c := range row {
			c = math.Abs(c)
			if _, ok := k.constants[c]; ok || c == 0 || c == 1 {
				continue
			}
			k.constants[c] = k.take()
			VBROADCASTSS(constant(c), k.constants[c])
		}
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

// apply computes the rows of the product and calls store for each. Columns that
// agree but for signs are added and subtracted first; rows that do so are the
// sum and the difference of their even and odd parts.
func (k *transform) apply(store func(i int, sum VecPhysical)) {
	sum, part := k.free[0], k.free[1]
	columns := append(matrix(nil), k.coefficients...)
	for _, p := range columns.pairs() {
		a, b := p[0], p[1]
		VADDPS(k.in[b], k.in[a], sum)
		VSUBPS(k.in[b], k.in[a], k.in[b])
		VMOVAPS(sum, k.in[a])
		for i, r := range columns {
			r = append([]float64(nil), r...)
			if r[a] == r[b] {
				r[b] = 0
			} else {
				r[a], r[b] = 0, r[a]
			}
			columns[i] = r
		}
	}
	done := map[int]bool{}
	for i, row := range columns {
		if done[i] {
			continue
		}
		for j := i + 1; j < len(columns); j++ {
			negated, ok := columns.mirror(i, j)
			if done[j] || !ok {
				continue
			}
			even, odd := append([]float64(nil), row...), append([]float64(nil), row...)
			for c := range row {
				if c%2 == 0 {
					odd[c] = 0
				} else {
					even[c] = 0
				}
			}
			k.row(even, sum)
			k.row(odd, part)
			other := k.free[2]
			if negated {
				VSUBPS(sum, part, other)
			} else {
				VSUBPS(part, sum, other)
			}
			VADDPS(part, sum, sum)
			store(i, sum)
			store(j, other)
			done[i], done[j] = true, true
			break
		}
		if !done[i] {
			k.row(row, sum)
			store(i, sum)
		}
	}
}

// row computes sum = Σ row[i]·in[i].
func (k *transform) row(row []float64, sum VecPhysical) {
	first := -1
	for i, c := range row { // best begun with a term that needs no multiplication
		if c == 1 || first < 0 && c != 0 {
			first = i
			if c == 1 {
				break
			}
		}
	}
	second := -1
	for i, c := range row {
		if i != first && second < 0 && math.Abs(c) == 1 && row[first] == 1 {
			second = i
		}
	}
	switch c := row[first]; {
	case second >= 0 && row[second] == 1:
		VADDPS(k.in[second], k.in[first], sum)
	case second >= 0:
		VSUBPS(k.in[second], k.in[first], sum)
	case c == 1:
		VMOVAPS(k.in[first], sum)
	case c > 0:
		VMULPS(k.constants[c], k.in[first], sum)
	default: // 0 - |c|·x
		VXORPS(sum, sum, sum)
		first = -1
	}
	for i, c := range row {
		switch {
		case i == first || i == second || c == 0:
		case c == 1:
			VADDPS(k.in[i], sum, sum)
		case c == -1:
			VSUBPS(k.in[i], sum, sum)
		case c > 0:
			VFMADD231PS(k.constants[c], k.in[i], sum)
		default:
			VFNMADD231PS(k.constants[-c], k.in[i], sum)
		}
	}
}
