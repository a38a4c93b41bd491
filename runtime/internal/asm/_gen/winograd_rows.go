package main

import (
	"fmt"
	"math"
	"slices"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// Winograd's algorithm along rows has 1/2 as a point beside those of F(4×4): the rows of
// the input's matrix for these are the same as there, of the differences
//
//	u[i] = x[i+1] - x[i]/2
//
// of neighbouring samples.

// rowPoints is a kernel that transforms samples of some channels along rows.
type rowPoints struct {
	product[VecPhysical]
	channels int
}

func (k *rowPoints) name() string { return fmt.Sprintf("rowPoints%s_%d", avx512.name, k.channels) }

func (k *rowPoints) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *RowPoints)")
	Doc(fmt.Sprintf("%s transforms samples of %d channels.", k.name(), k.channels))
	Pragma("noescape")
	var a asm.RowPoints
	Load(Param("a"), args)
	dst, src, tiles, lines, line, toFinite, step := RDI, RSI, RBX, RCX, R10, R11, RDX
	infinite, finite, fourth, from := R8, R9, R12, R13
	MOVQ(field(unsafe.Offsetof(a.Dst)), dst)
	MOVQ(field(unsafe.Offsetof(a.Src)), src)
	MOVQ(field(unsafe.Offsetof(a.Tiles)), tiles)
	MOVQ(field(unsafe.Offsetof(a.SrcLine)), line)
	MOVQ(field(unsafe.Offsetof(a.DstFinite)), toFinite)
	MOVQ(field(unsafe.Offsetof(a.DstPoint)), step)
	mask := K1 // of a pixel's channels: there may be no memory after them
	MOVQ(U32(1<<k.channels-1), from)
	KMOVW(from.As32(), mask)

	registers := []VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15}
	samples, free := registers[:7], registers[7:]
	k.arithmetic = vectorArithmetic{}
	k.coefficients, k.free = inputMatrix(1, fourM, fourM, true), free
	loadConstants(&k.product)
	half := k.free[0]
	k.free = k.free[1:]
	VBROADCASTSS(constant(0.5), half)

	Label("tile")
	MOVQ(field(unsafe.Offsetof(a.Lines)), lines)
	MOVQ(src, from)
	MOVQ(dst, infinite)
	LEAQ(Mem{Base: dst, Index: toFinite, Scale: 1}, finite)
	LEAQ(Mem{Base: finite, Index: step, Scale: 2}, fourth)
	ADDQ(step, fourth)
	Label("line")
	pixel := 4 * k.channels // bytes
	for phase := range 2 {
		in := samples[:7-phase]
		for i, x := range in {
			VMOVUPS_Z(at(from, (2*i+phase)*pixel), mask, x)
		}
		store := func(point int, value VecPhysical) {
			VMOVUPS(value, element(finite, fourth, step, point, phase*pixel))
		}
		k.in = in
		k.row([]float64{0, 4, 0, -5, 0, 1}, k.free[0]) // at 1/2: zero at the other points
		store(5, k.free[0])
		for i := range in[1:] {
			VFNMADD213PS(in[i+1], half, in[i])
		}
		k.in, k.coefficients = in[:len(in)-1], inputMatrix(1, fourM, fourM, phase == 0)
		k.apply(func(i int, value VecPhysical) {
			switch {
			case phase == 1:
				store(i, value)
			case i == 0:
				VMOVUPS(value, at(infinite, 0))
			default:
				store(i-1, value)
			}
		})
	}
	ADDQ(line, from)
	ADDQ(Imm(uint64(pixel)), infinite)
	ADDQ(Imm(uint64(2*pixel)), finite)
	ADDQ(Imm(uint64(2*pixel)), fourth)
	DECQ(lines)
	JNZ(LabelRef("line"))
	ADDQ(U32(8*pixel), src)
	ADDQ(field(unsafe.Offsetof(a.DstTile)), dst)
	DECQ(tiles)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// rowPixelsMatrix makes 4 outputs of the points along a row.
func rowPixelsMatrix() matrix {
	rows := outputMatrix(1, fourM)
	for power, row := range rows {
		rows[power] = append(slices.Clone(row), math.Pow(0.5, float64(power)))
	}
	return rows
}

// generateRowPoints writes the kernels.
func generateRowPoints(file string) {
	d := newDispatch("RowPoints", avx512, "channels int, a *RowPoints", "channels")
	for channels := 1; channels <= asm.RowPointsChannels; channels++ {
		d.add(&rowPoints{channels: channels}, fmt.Sprint(channels))
	}
	d.write(file)
}
