package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// depthwise is a kernel whose sums, of the pixels of a tile, stay in registers:
//
//	sum[p] += weight · source[p]
//
// The inputs are operands in memory, each used once.
type depthwise struct {
	tile
	weights []VecPhysical
}

// noStep stands for a distance between blocks: there is one block.
const noStep = 0

func newDepthwise(v vectors, pixels int) *depthwise {
	t, free := newTile(v, 1, pixels)
	return &depthwise{t, free[:v.perBlock()]}
}

func (k *depthwise) name() string {
	return fmt.Sprintf("depthwise%s_%d", k.vectors.name, k.pixels)
}

func (k *depthwise) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *Depthwise)")
	Doc(fmt.Sprintf("%s computes tiles of %d pixels.", k.name(), k.pixels))
	Pragma("noescape")
	var a asm.Depthwise
	Load(Param("a"), args)
	MOVQ(field(unsafe.Offsetof(a.Pixel)), pixel)
	XORQ(from, from)
	XORQ(to, to)

	Label("tile")
	k.start(unsafe.Offsetof(a.Src), unsafe.Offsetof(a.Weights), unsafe.Offsetof(a.Bias))
	MOVQ(field(unsafe.Offsetof(a.Rows)), row)
	Label("row")
	MOVQ(field(unsafe.Offsetof(a.Columns)), column)
	Label("column")
	k.tap()
	ADDQ(Imm(64), weights)
	k.next("column", column, unsafe.Offsetof(a.ColumnStep))
	k.next("row", row, unsafe.Offsetof(a.RowStep))

	k.add(unsafe.Offsetof(a.Residual), noStep)
	k.clamp(k.weights[0], unsafe.Offsetof(a.Low), unsafe.Offsetof(a.High))
	k.outputs(unsafe.Offsetof(a.Dst), noStep, func(m Mem, sum VecPhysical) { VMOVUPS(sum, m) })
	k.nextTile(unsafe.Offsetof(a.Width))
	VZEROUPPER()
	RET()
}

// tap multiplies and adds one weight of the kernel.
func (k *depthwise) tap() {
	for v, w := range k.weights {
		VMOVUPS(at(weights, v*k.bytes), w)
	}
	for p, sum := range k.sums {
		for v, w := range k.weights {
			VFMADD231PS(k.input(p, v*k.bytes), w, sum[v])
		}
	}
}
