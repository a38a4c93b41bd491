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

// winograd is the matrices of F(m×m, 3×3), from Lavin and Gray, "Fast Algorithms
// for Convolutional Neural Networks" (2015): points are Bᵀ·d·B of an input tile
// d, and outputs Aᵀ·p·A of points p.
type winograd struct {
	m, n int
	b, a [][]float64 // Bᵀ, n×n; Aᵀ, m×n
}

var winograds = []winograd{
	{
		m: 2, n: 4,
		b: [][]float64{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
		a: [][]float64{{1, 1, 1, 0}, {0, 1, -1, -1}},
	},
	{
		m: 4, n: 6,
		b: [][]float64{
			{4, 0, -5, 0, 1, 0},
			{0, -4, -4, 1, 1, 0},
			{0, 4, -4, -1, 1, 0},
			{0, -2, -1, 2, 1, 0},
			{0, 2, -1, -2, 1, 0},
			{0, 4, 0, -5, 0, 1},
		},
		a: [][]float64{{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}},
	},
}

// generateWinograd writes both transforms for each tile and instruction set.
func generateWinograd(sets ...vectors) {
	for _, w := range winograds {
		for _, v := range sets {
			w.input(v)
			w.output(v)
		}
	}
}

// transformer multiplies by a constant matrix whose entries are small integers.
type transformer struct {
	vectors
	in        []VecPhysical // the vector that is multiplied
	sum       VecPhysical
	constants map[float64]VecPhysical // absolute values other than 1
	next      int                     // free registers from here
}

// newTransformer loads the constants of a matrix with rows of n entries.
func newTransformer(v vectors, matrix [][]float64) *transformer {
	n := len(matrix[0])
	t := &transformer{vectors: v, in: v.regs[:n], sum: v.regs[n], constants: map[float64]VecPhysical{}, next: n + 1}
	for _, row := range matrix {
		for _, c := range row {
			c = math.Abs(c)
			if _, ok := t.constants[c]; ok || c == 0 || c == 1 {
				continue
			}
			t.constants[c] = v.regs[t.next]
			t.next++
			VBROADCASTSS(constant(c), t.constants[c])
		}
	}
	return t
}

// known are the constants that a set of kernels holds.
var known = map[float64]Mem{}

func constant(c float64) Mem {
	if _, ok := known[c]; !ok {
		known[c] = ConstData(fmt.Sprintf("winograd%v", c), U32(math.Float32bits(float32(c))))
	}
	return known[c]
}

// apply computes one row of the product, sum = Σ row[i]·in[i].
func (t *transformer) apply(row []float64) VecPhysical {
	first := -1
	for i, c := range row { // begin with a term that needs no multiplication
		if c == 1 || first < 0 && c > 0 {
			if first < 0 || row[first] != 1 {
				first = i
			}
		}
	}
	if c := row[first]; c == 1 {
		VMOVAPS(t.in[first], t.sum)
	} else {
		VMULPS(t.constants[c], t.in[first], t.sum)
	}
	for i, c := range row {
		switch {
		case i == first || c == 0:
		case c == 1:
			VADDPS(t.in[i], t.sum, t.sum)
		case c == -1:
			VSUBPS(t.in[i], t.sum, t.sum)
		case c > 0:
			VFMADD231PS(t.constants[c], t.in[i], t.sum)
		default:
			VFNMADD231PS(t.constants[-c], t.in[i], t.sum)
		}
	}
	return t.sum
}

// rowPointers sets registers to the rows of pixels at base.
func rowPointers(base, step Register, rows []Register) {
	MOVQ(base, rows[0])
	for i := 1; i < len(rows); i++ {
		MOVQ(rows[i-1], rows[i])
		ADDQ(step, rows[i])
	}
}

// input writes points = Bᵀ·d·B: columns into scratch, then rows of it.
func (w winograd) input(v vectors) {
	name := fmt.Sprintf("WinogradInput%d%s", w.m, v.name)
	TEXT(name, NOSPLIT, "func(a *Winograd)")
	Doc(fmt.Sprintf("%s transforms input tiles of %d×%d pixels.", name, w.n, w.n))
	Pragma("noescape")
	var a asm.Winograd
	Load(Param("a"), RAX)
	field := func(offset uintptr) Mem { return at(RAX, int(offset)) }
	rows := []Register{R8, R9, R10, R11, R12, R13}[:w.n]
	MOVQ(field(unsafe.Offsetof(a.Image)), RSI)
	MOVQ(field(unsafe.Offsetof(a.Points)), RDI)
	MOVQ(field(unsafe.Offsetof(a.Tiles)), RCX)
	MOVQ(field(unsafe.Offsetof(a.Scratch)), RBX)
	t := newTransformer(v, w.b)
	Label("tile")
	MOVQ(field(unsafe.Offsetof(a.Row)), RDX)
	rowPointers(RSI, RDX, rows)
	for half := range v.perBlock() {
		for x := range w.n {
			for y := range w.n {
				VMOVUPS(at(rows[y], x*64+half*v.bytes), t.in[y])
			}
			for y, row := range w.b {
				VMOVUPS(t.apply(row), at(RBX, (y*w.n+x)*64+half*v.bytes))
			}
		}
	}
	MOVQ(field(unsafe.Offsetof(a.Point)), RDX)
	for half := range v.perBlock() {
		MOVQ(RDI, R8)
		for y := range w.n {
			for x := range w.n {
				VMOVUPS(at(RBX, (y*w.n+x)*64+half*v.bytes), t.in[x])
			}
			for _, row := range w.b {
				VMOVUPS(t.apply(row), at(R8, half*v.bytes))
				ADDQ(RDX, R8)
			}
		}
	}
	ADDQ(field(unsafe.Offsetof(a.Tile)), RSI)
	ADDQ(Imm(64), RDI)
	DECQ(RCX)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// output writes pixels = clamp(Aᵀ·points·A + bias + residual): columns into
// scratch, then rows of it.
func (w winograd) output(v vectors) {
	name := fmt.Sprintf("WinogradOutput%d%s", w.m, v.name)
	TEXT(name, NOSPLIT, "func(a *Winograd)")
	Doc(fmt.Sprintf("%s makes tiles of %d×%d pixels of points.", name, w.m, w.m))
	Pragma("noescape")
	var a asm.Winograd
	Load(Param("a"), RAX)
	field := func(offset uintptr) Mem { return at(RAX, int(offset)) }
	MOVQ(field(unsafe.Offsetof(a.Image)), RDI)
	MOVQ(field(unsafe.Offsetof(a.Points)), RSI)
	MOVQ(field(unsafe.Offsetof(a.Tiles)), RCX)
	MOVQ(field(unsafe.Offsetof(a.Scratch)), RBX)
	MOVQ(field(unsafe.Offsetof(a.Residual)), R14)
	t := newTransformer(v, w.a)
	bias := v.regs[t.next : t.next+v.perBlock()]
	low, high := v.regs[t.next+v.perBlock()], v.regs[t.next+v.perBlock()+1]
	MOVQ(field(unsafe.Offsetof(a.Bias)), RDX)
	for half, b := range bias {
		VMOVUPS(at(RDX, half*v.bytes), b)
	}
	VBROADCASTSS(field(unsafe.Offsetof(a.Low)), low)
	VBROADCASTSS(field(unsafe.Offsetof(a.High)), high)
	Label("tile")
	MOVQ(field(unsafe.Offsetof(a.Point)), RDX)
	// Points lie n to a row; a register for each row of points.
	rows := []Register{R8, R9, R10, R11, R12, R13}[:w.n]
	MOVQ(RDX, R15)
	IMUL3Q(Imm(uint64(w.n)), R15, R15)
	rowPointers(RSI, R15, rows)
	for x := range w.n {
		for half := range v.perBlock() {
			for y := range w.n {
				VMOVUPS(at(rows[y], half*v.bytes), t.in[y])
			}
			for y, row := range w.a {
				VMOVUPS(t.apply(row), at(RBX, (y*w.n+x)*64+half*v.bytes))
			}
		}
		if x < w.n-1 {
			for _, r := range rows {
				ADDQ(RDX, r)
			}
		}
	}
	MOVQ(RDI, R8)
	MOVQ(R14, R9)
	for y := range w.m {
		for half := range v.perBlock() {
			for x := range w.n {
				VMOVUPS(at(RBX, (y*w.n+x)*64+half*v.bytes), t.in[x])
			}
			for x, row := range w.a {
				sum := t.apply(row)
				at := func(base Register) Mem { return at(base, x*64+half*v.bytes) }
				VADDPS(bias[half], sum, sum)
				skip := fmt.Sprintf("alone%d_%d_%d", y, half, x)
				TESTQ(R14, R14)
				JZ(LabelRef(skip))
				VADDPS(at(R9), sum, sum)
				Label(skip)
				VMAXPS(low, sum, sum)
				VMINPS(high, sum, sum)
				VMOVUPS(sum, at(R8))
			}
		}
		if y < w.m-1 {
			ADDQ(field(unsafe.Offsetof(a.Row)), R8)
			ADDQ(field(unsafe.Offsetof(a.ResidualRow)), R9)
		}
	}
	ADDQ(field(unsafe.Offsetof(a.Tile)), RDI)
	TESTQ(R14, R14)
	JZ(LabelRef("next"))
	ADDQ(field(unsafe.Offsetof(a.Tile)), R14)
	Label("next")
	ADDQ(Imm(64), RSI)
	DECQ(RCX)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}
