package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// unroll is how many floats of a run are multiplied before the next branch.
const unroll = 4

// direct is a kernel: a tile of pixels by output blocks whose sums stay in
// registers. Each float of the input is broadcast to a register and multiplied
// by the weights of all output channels of the tile:
//
//	sum[p][v] += weight[v] · broadcast(source[p]),  v the registers of the blocks
//
// Where there are not enough registers for all the weights beside the sums and
// one broadcast, the last weight is an operand in memory: at 7 pixels × 4
// blocks that is 17 loads for 28 multiplications, which keeps loads off the
// critical path of processors with two AVX-512 multipliers.
type direct struct {
	tile
	half       bool // of the last block only the first half has channels
	weights    []VecPhysical
	broadcasts []VecPhysical
}

func newDirect(v vectors, blocks, pixels int) *direct {
	t, free := newTile(v, blocks, pixels)
	n := min(t.wide(), len(free)-1)
	return &direct{tile: t, weights: free[:n], broadcasts: free[n:]}
}

// newHalfDirect is a kernel of AVX-512 that multiplies by the first half of the
// last block's weights: with registers of half the size, in half the time.
func newHalfDirect(blocks, pixels int) *direct {
	k := newDirect(avx512, blocks, pixels)
	k.half = true
	return k
}

func (k *direct) name() string {
	if k.half {
		return fmt.Sprintf("direct%s_%dx%dHalf", k.vectors.name, k.pixels, k.blocks)
	}
	return fmt.Sprintf("direct%s_%dx%d", k.vectors.name, k.pixels, k.blocks)
}

func (k *direct) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *Direct)")
	Doc(fmt.Sprintf("%s computes tiles of %d pixels by %d output blocks.", k.name(), k.pixels, k.blocks))
	Pragma("noescape")
	var a asm.Direct
	Load(Param("a"), args)
	MOVQ(field(unsafe.Offsetof(a.Pixel)), pixel)
	XORQ(from, from)
	XORQ(to, to)
	if k.asks() {
		MOVQ(field(unsafe.Offsetof(a.Ahead)), ahead)
	}

	Label("tile")
	if k.asks() {
		CMPQ(ahead, field(unsafe.Offsetof(a.AheadEnd)))
		CMOVQGE(field(unsafe.Offsetof(a.Weights)), ahead)
	}
	k.prefetch()
	k.start(unsafe.Offsetof(a.Src), unsafe.Offsetof(a.Weights), unsafe.Offsetof(a.Bias))
	MOVQ(field(unsafe.Offsetof(a.Blocks)), block)
	TESTQ(block, block)
	JZ(LabelRef("finish"))
	if k.subtracts() {
		CMPQ(field(unsafe.Offsetof(a.Minus)), Imm(0))
		JNE(LabelRef("subtract"))
	}

	Label("block")
	MOVQ(field(unsafe.Offsetof(a.Rows)), row)
	Label("row")
	MOVQ(field(unsafe.Offsetof(a.Columns)), column)
	Label("column")
	MOVQ(field(unsafe.Offsetof(a.Run)), scratch)
	CMPQ(block, Imm(1))
	CMOVQEQ(field(unsafe.Offsetof(a.LastRun)), scratch)
	k.run()
	k.next("column", column, unsafe.Offsetof(a.ColumnStep))
	k.next("row", row, unsafe.Offsetof(a.RowStep))
	ADDQ(field(unsafe.Offsetof(a.WeightStep)), weights)
	k.next("block", block, unsafe.Offsetof(a.BlockStep))

	Label("finish")
	for i := range a.Addends {
		at, block, _ := addend(i)
		k.add(fmt.Sprintf("addend%d", i), at, block)
	}
	k.clamp(k.broadcasts[0], unsafe.Offsetof(a.Low), unsafe.Offsetof(a.High))
	k.outputs(unsafe.Offsetof(a.Dst), unsafe.Offsetof(a.DstBlock), func(m Mem, sum VecPhysical) { VMOVUPS(sum, m) })
	k.nextTile(unsafe.Offsetof(a.Width))
	k.nextLine()
	VZEROUPPER()
	RET()
	if k.subtracts() {
		k.subtract()
	}
}

// subtracts reports whether weights may be differences.
func (k *direct) subtracts() bool { return !k.half }

// subtract multiplies a tile of one row and column of the kernel by differences of
// weights, and keeps them for the tiles that follow.
func (k *direct) subtract() {
	var a asm.Direct
	minus, kept := row, column
	Label("subtract")
	MOVQ(field(unsafe.Offsetof(a.Minus)), minus)
	MOVQ(field(unsafe.Offsetof(a.Kept)), kept)
	Label("subtract_block")
	MOVQ(field(unsafe.Offsetof(a.Run)), scratch)
	Label("subtract_float")
	w, x := k.weights[0], k.broadcasts[len(k.broadcasts)-1]
	for v := range k.wide() {
		VMOVUPS(at(weights, v*k.bytes), w)
		VSUBPS(at(minus, v*k.bytes), w, w)
		VMOVUPS(w, at(kept, v*k.bytes))
		for p, sum := range k.sums {
			if k.bytes == 64 {
				VFMADD231PS_BCST(k.input(p, 0), w, sum[v])
			} else {
				VBROADCASTSS(k.input(p, 0), x)
				VFMADD231PS(w, x, sum[v])
			}
		}
	}
	k.advance(1)
	ADDQ(U32(k.wide()*k.bytes), minus)
	ADDQ(U32(k.wide()*k.bytes), kept)
	DECQ(scratch)
	JNZ(LabelRef("subtract_float"))
	k.next("subtract_block", block, unsafe.Offsetof(a.ColumnStep), unsafe.Offsetof(a.RowStep), unsafe.Offsetof(a.BlockStep))
	MOVQ(field(unsafe.Offsetof(a.Kept)), weights)
	MOVQ(weights, field(unsafe.Offsetof(a.Weights)))
	MOVQ(U32(0), field(unsafe.Offsetof(a.Minus)))
	JMP(LabelRef("finish"))
}

// nextLine ends the loop over rows. Pointers stay within their buffers: the
// garbage collector may look at them.
func (k *direct) nextLine() {
	var a asm.Direct
	DECQ(field(unsafe.Offsetof(a.Lines)))
	JZ(LabelRef("lines_done"))
	onward := func(at, line uintptr) {
		MOVQ(field(line), scratch)
		ADDQ(scratch, field(at))
	}
	onward(unsafe.Offsetof(a.Src), unsafe.Offsetof(a.SrcLine))
	onward(unsafe.Offsetof(a.Dst), unsafe.Offsetof(a.DstLine))
	for i := range a.Addends {
		at, _, line := addend(i)
		onward(at, line)
	}
	XORQ(from, from)
	XORQ(to, to)
	JMP(LabelRef("tile"))
	Label("lines_done")
}

// addend is the offsets of the fields of one of the addends.
func addend(i int) (at, block, line uintptr) {
	var a asm.Direct
	first := unsafe.Offsetof(a.Addends) + uintptr(i)*unsafe.Sizeof(a.Addends[i])
	return first + unsafe.Offsetof(a.Addends[i].At), first + unsafe.Offsetof(a.Addends[i].Block), first + unsafe.Offsetof(a.Addends[i].Line)
}

// prefetch asks for the lines that the tile will write, and those of the first
// addend, so that they have come when the sums are done.
func (k *direct) prefetch() {
	var a asm.Direct
	ask := func(m Mem, _ VecPhysical) {
		if m.Disp%64 == 0 {
			PREFETCHT0(m)
		}
	}
	at, block, _ := addend(0)
	unlessNil(at, "asked", func() { k.outputs(at, block, ask) })
	k.outputs(unsafe.Offsetof(a.Dst), unsafe.Offsetof(a.DstBlock), ask)
}

// run multiplies and adds a run of floats; scratch counts them.
func (k *direct) run() {
	SUBQ(Imm(unroll), scratch)
	JLT(LabelRef("rest"))
	Label("floats")
	for i := range unroll {
		if k.asks() {
			PREFETCHT1(at(ahead, 64*i))
		}
		k.float(i)
	}
	if k.asks() {
		ADDQ(U32(64*unroll), ahead)
	}
	k.advance(unroll)
	SUBQ(Imm(unroll), scratch)
	JGE(LabelRef("floats"))
	Label("rest")
	ADDQ(Imm(unroll), scratch)
	JZ(LabelRef("done"))
	Label("single")
	k.float(0)
	k.advance(1)
	DECQ(scratch)
	JNZ(LabelRef("single"))
	Label("done")
}

// asks reports whether there is a register for weights to ask for.
func (k *direct) asks() bool { return len(k.bases()) < len(source) }

// embedded reports whether each broadcast has one use, to which it can belong.
func (k *direct) embedded() bool { return k.wide() == 1 }

// float multiplies and adds the i-th float from the sources on.
func (k *direct) float(i int) {
	wide := k.wide()
	weight := func(v int) Mem { return at(weights, (i*wide+v)*k.bytes) }
	for v, w := range k.weights {
		VMOVUPS(weight(v), k.used(w, v))
	}
	for p, sum := range k.sums {
		if k.embedded() {
			VFMADD231PS_BCST(k.input(p, 4*i), k.weights[0], sum[0])
			continue
		}
		x := k.broadcasts[p%len(k.broadcasts)]
		VBROADCASTSS(k.input(p, 4*i), x)
		for v, w := range k.weights {
			VFMADD231PS(k.used(w, v), k.used(x, v), k.used(sum[v], v))
		}
		for v := len(k.weights); v < wide; v++ {
			VFMADD231PS(weight(v), x, sum[v])
		}
	}
}

// used is the part of a register that is multiplied for the v-th of the blocks.
func (k *direct) used(r VecPhysical, v int) Register {
	if k.half && v == k.wide()-1 {
		return r.AsY()
	}
	return r
}

func (k *direct) advance(floats int) {
	for _, base := range k.bases() {
		ADDQ(Imm(uint64(4*floats)), base)
	}
	ADDQ(U32(floats*k.wide()*k.bytes), weights)
}
