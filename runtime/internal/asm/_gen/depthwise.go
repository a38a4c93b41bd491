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
// The inputs are operands in memory, each used once. With groups of several
// channels, their inputs come from memory through a permutation, one channel of
// each group after another.
type depthwise struct {
	tile
	grouped     bool
	weights     []VecPhysical
	permutation VecPhysical
	permuted    []VecPhysical // inputs, one after another
}

// noStep stands for a distance between blocks: there is one block.
const noStep = 0

func newDepthwise(v vectors, pixels int, grouped bool) *depthwise {
	t, free := newTile(v, 1, pixels)
	k := &depthwise{tile: t, grouped: grouped, weights: free[:v.perBlock()]}
	if grouped {
		free = free[v.perBlock():]
		k.permutation, k.permuted = free[0], free[1:]
	}
	return k
}

func (k *depthwise) name() string {
	if k.grouped {
		return fmt.Sprintf("grouped%s_%d", k.vectors.name, k.pixels)
	}
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
	if k.grouped {
		k.groupedTap()
	} else {
		k.tap()
	}
	k.next("column", column, unsafe.Offsetof(a.ColumnStep))
	k.next("row", row, unsafe.Offsetof(a.RowStep))

	k.add("residual", unsafe.Offsetof(a.Residual), noStep)
	k.clamp(k.weights[0], unsafe.Offsetof(a.Low), unsafe.Offsetof(a.High))
	k.outputs(unsafe.Offsetof(a.Dst), noStep, func(m Mem, sum VecPhysical) { VMOVUPS(sum, m) })
	k.nextTile(unsafe.Offsetof(a.Width))
	VZEROUPPER()
	RET()
}

// tap multiplies and adds one tap of the kernel.
func (k *depthwise) tap() {
	k.load()
	for p, sum := range k.sums {
		for v, w := range k.weights {
			VFMADD231PS(k.input(p, v*k.bytes), w, sum[v])
		}
	}
}

// groupedTap multiplies and adds one tap for each channel of the groups.
func (k *depthwise) groupedTap() {
	var a asm.Depthwise
	index, channel := scratch, block
	MOVQ(field(unsafe.Offsetof(a.Index)), index)
	MOVQ(field(unsafe.Offsetof(a.Channels)), channel)
	Label("channel")
	VMOVUPS(at(index, 0), k.permutation)
	ADDQ(Imm(64), index)
	k.load()
	for p, sum := range k.sums {
		for v, w := range k.weights {
			x := k.permuted[(p*len(k.weights)+v)%len(k.permuted)]
			VPERMPS(k.input(p, v*k.bytes), k.permutation, x)
			VFMADD231PS(x, w, sum[v])
		}
	}
	DECQ(channel)
	JNZ(LabelRef("channel"))
}

// load loads the next weights.
func (k *depthwise) load() {
	for v, w := range k.weights {
		VMOVUPS(at(weights, v*k.bytes), w)
	}
	ADDQ(Imm(64), weights)
}
