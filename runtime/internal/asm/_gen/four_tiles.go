package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// fourTiles is a kernel that multiplies the points of four tiles by taps, which it
// transforms in registers. For a block of input channels, whose taps stay in the first
// cache, it takes the points of the rows one by one: the sums of all points of the
// columns have registers. It makes the values of a channel's taps there,
//
//	half = T · taps at the point of the rows, by the columns of the kernel; values = half · Tᵀ
//
// and multiplies by each at once. T evaluates the taps and divides by no denominators:
// with stride 1 the sums are divided instead, after the last channel.
type fourTiles struct {
	stride, rest int // rest is the number of outputs of a tile of the second row or column along that axis
	product[VecPhysical]
	all          matrix // T
	denominators []int64
	half, odd    []VecPhysical // odd: the middle row of taps, with stride 2

	// While a row of points is written:
	row     int
	sums    [][]tileSum // by the points of the columns
	channel int         // of those that are written out
}

// tileSum is a tile's sum at a pair of points.
type tileSum struct {
	slot int
	sum  VecPhysical
}

// General registers of the kernel, beside args and scratch.
var (
	fourDst   = RDI // products
	fourSrc   = RSI // points, in the order of their use
	fourBlock = RBX // taps of the block of channels
	fourTaps  = R10 // and of some of them
)

const (
	fourM        = 4 // side of a whole tile
	fourChannels = 4 // side by side in the order of points
)

func newFourTiles(stride, rest int) *fourTiles {
	k := &fourTiles{stride: stride, rest: rest}
	k.all, k.denominators = evaluations(stride, fourM)
	return k
}

func (k *fourTiles) name() string {
	return fmt.Sprintf("fourTiles%s_%d_%d", avx512.name, k.stride, k.rest)
}

// slots are the places of the tiles that have a pair of points.
func (k *fourTiles) slots(row, column int) (slots []int) {
	last := func(point int) int {
		if point < len(k.all)-(fourM-k.rest) {
			return 1
		}
		return 0
	}
	for slot, tile := range fourTilesPlaces(k.rest) {
		if tile[0] <= last(row) && tile[1] <= last(column) {
			slots = append(slots, slot)
		}
	}
	return slots
}

func (k *fourTiles) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *FourTiles)")
	Doc(fmt.Sprintf("%s multiplies tiles by taps of stride %d, with %d outputs in the last ones' rows and columns.", k.name(), k.stride, k.rest))
	Pragma("noescape")
	var a asm.FourTiles
	Load(Param("a"), args)
	k.takeRegisters()
	MOVQ(field(unsafe.Offsetof(a.Dst)), fourDst)
	MOVQ(field(unsafe.Offsetof(a.Src)), fourSrc)
	MOVQ(field(unsafe.Offsetof(a.Weights)), fourBlock)
	Label("block")
	for row := range k.all {
		k.row = row
		k.multiplyRow()
	}
	ADDQ(U32(9*1024), fourBlock)
	MOVQ(U32(1), field(unsafe.Offsetof(a.Accumulate)))
	DECQ(field(unsafe.Offsetof(a.Ins)))
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// takeRegisters gives registers to what is transformed and to the constants. Those for
// sums are the first.
func (k *fourTiles) takeRegisters() {
	k.free = avx512.regs[len(k.all)*4:]
	take := func(n int) (taken []VecPhysical) {
		taken, k.free = k.free[:n:n], k.free[n:]
		return taken
	}
	k.arithmetic, k.coefficients = vectorArithmetic{}, k.all
	loadConstants(&k.product)
	k.half = take(3)
	if k.stride == 2 {
		k.odd = take(3)
	}
}

// multiplyRow adds the products of a block of channels at one point of the rows.
func (k *fourTiles) multiplyRow() {
	var a asm.FourTiles
	label := func(name string) string { return fmt.Sprintf("%s%d", name, k.row) }
	MOVQ(fourBlock, fourTaps)
	k.sums = nil
	free := avx512.regs
	for column := range k.all {
		var sums []tileSum
		for _, slot := range k.slots(k.row, column) {
			sums, free = append(sums, tileSum{slot, free[0]}), free[1:]
		}
		k.sums = append(k.sums, sums)
	}
	CMPQ(field(unsafe.Offsetof(a.Accumulate)), Imm(0))
	JEQ(LabelRef(label("zero")))
	k.each(func(_ int, m Mem, sum VecPhysical) { VMOVUPS(m, sum) })
	JMP(LabelRef(label("begin")))
	Label(label("zero"))
	k.each(func(_ int, _ Mem, sum VecPhysical) { VXORPS(sum, sum, sum) })
	Label(label("begin"))
	MOVQ(U32(16/fourChannels), scratch)
	Label(label("channels"))
	for k.channel = range fourChannels {
		k.ask()
		k.multiplyChannel()
	}
	ADDQ(U32(64*fourChannels), fourTaps)
	ADDQ(U32(64*len(fourTilesRegions(k.stride)[k.row])), fourSrc)
	DECQ(scratch)
	JNZ(LabelRef(label("channels")))
	if k.stride == 1 {
		CMPQ(field(unsafe.Offsetof(a.Ins)), Imm(1))
		JNE(LabelRef(label("store")))
		k.each(func(column int, _ Mem, sum VecPhysical) {
			if d := k.denominators[k.row] * k.denominators[column]; d != 1 {
				VMULPS_BCST(constant(1/float64(d)), sum, sum)
			}
		})
	}
	Label(label("store"))
	k.each(func(_ int, m Mem, sum VecPhysical) { VMOVUPS(sum, m) })
}

// each calls f for the point of the columns, the place and the register of each of the
// row's sums.
func (k *fourTiles) each(f func(column int, m Mem, sum VecPhysical)) {
	for column, sums := range k.sums {
		for _, s := range sums {
			f(column, at(fourDst, (k.row*len(k.all)+column)*asm.FourTilesStep+s.slot*64), s.sum)
		}
	}
}

// ask asks for the row's share of taps that come two blocks later.
func (k *fourTiles) ask() {
	rows := len(k.all)
	for tap := 9 * k.row / rows; tap < 9*(k.row+1)/rows; tap++ {
		m := k.tap(0, tap)
		m.Disp += 2 * 9 * 1024
		PREFETCHT1(m)
	}
}

// tap is the channel's value of a tap.
func (k *fourTiles) tap(row, column int) Mem {
	return at(fourTaps, 1024*(3*row+column)+64*k.channel)
}

// multiplyChannel multiplies by the values of one channel's taps.
func (k *fourTiles) multiplyChannel() {
	evaluated := k.all[k.row]
	k.in = k.free[:len(evaluated)] // registers that the values take later
	for column, half := range k.half {
		for i, c := range evaluated {
			if c != 0 {
				VMOVUPS(k.tap(i*k.stride, column), k.in[i])
			}
		}
		k.product.row(evaluated, half)
	}
	k.multiplyColumns(0, k.half)
	if k.stride == 2 && k.row > 0 {
		for column, odd := range k.odd {
			VMOVUPS(k.tap(1, column), odd)
		}
		k.multiplyColumns(2*len(k.all)-1, k.odd)
	}
}

// multiplyColumns multiplies by the values of taps that are evaluated at the point of
// the rows: the points from one of the row on, and with stride 2 after those of even
// columns those of odd ones.
func (k *fourTiles) multiplyColumns(first int, half []VecPhysical) {
	k.in = half
	if k.stride == 2 {
		k.in = []VecPhysical{half[0], half[2]}
	}
	k.apply(func(column int, value VecPhysical) { k.multiply(first+column, column, value) })
	if k.stride == 2 {
		for column := 1; column < len(k.all); column++ {
			k.multiply(first+len(k.all)+column-1, column, half[1])
		}
	}
}

// multiply multiplies the tiles' i-th points of the row by a value.
func (k *fourTiles) multiply(i, column int, value VecPhysical) {
	for _, s := range k.sums[column] {
		VFMADD231PS_BCST(at(fourSrc, 64*i+16*s.slot+4*k.channel), value, s.sum)
	}
}

// arrangeFour is a kernel that brings points to the order in which fourTiles uses them.
type arrangeFour struct{ stride int }

func (k arrangeFour) name() string { return fmt.Sprintf("arrangeFour%s_%d", avx512.name, k.stride) }

func (k arrangeFour) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *ArrangeFour)")
	Doc(fmt.Sprintf("%s arranges the points of a block of channels for stride %d.", k.name(), k.stride))
	Pragma("noescape")
	var a asm.ArrangeFour
	Load(Param("a"), args)
	MOVQ(field(unsafe.Offsetof(a.Dst)), fourDst)
	MOVQ(field(unsafe.Offsetof(a.Src)), fourSrc)
	in, pairs, out := avx512.regs[:4], avx512.regs[4:8], avx512.regs[8:12]
	to := 0
	for _, regions := range fourTilesRegions(k.stride) {
		for _, region := range regions {
			for slot, x := range in {
				VMOVUPS(at(fourSrc, region*asm.FourTilesStep+64*slot), x)
			}
			// Four by four, of four channels each: first of two tiles, then of all.
			for i, half := range []uint8{0x44, 0xee} {
				VSHUFF32X4(Imm(uint64(half)), in[1], in[0], pairs[2*i])
				VSHUFF32X4(Imm(uint64(half)), in[3], in[2], pairs[2*i+1])
			}
			for i, x := range out {
				VSHUFF32X4(Imm([]uint64{0x88, 0xdd}[i%2]), pairs[i/2*2+1], pairs[i/2*2], x)
				VMOVUPS(x, at(fourDst, to+64*i*len(regions)))
			}
			to += 64
		}
		to += 64 * 3 * len(regions)
	}
	VZEROUPPER()
	RET()
}

// fourTilesRegions are, for each point of the rows, the regions of points of Winograd's
// convolution that are multiplied together, by phases of the samples.
func fourTilesRegions(stride int) (rows [][]int) {
	n := fourM + asm.WinogradTaps(stride) - 1
	for row := range n {
		var regions []int
		add := func(first, points int) {
			for i := range points {
				regions = append(regions, first+row*points+i)
			}
		}
		add(0, n)
		if stride == 2 {
			add(n*n, n-1)
			if row > 0 { // odd phases have no ∞
				add(n*n+n*(n-1)-n, n)
				add(n*n+2*n*(n-1)-(n-1), n-1)
			}
		}
		rows = append(rows, regions)
	}
	return rows
}

// fourTilesPlaces are the row and the column of each of the four tiles, where those in
// the second row or column have rest outputs along that axis, of four.
func fourTilesPlaces(rest int) [4][2]int {
	if rest == 4 {
		return [...][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}}
	}
	return [...][2]int{{1, 0}, {0, 0}, {0, 1}, {1, 1}}
}

// generateFourTiles writes the kernels.
func generateFourTiles(file, arrange string) {
	d := newDispatch("FourTiles", avx512, "stride, rest int, a *FourTiles", "stride<<3 | rest")
	for _, stride := range []int{1, 2} {
		for rest := 1; rest <= fourM; rest++ {
			d.add(newFourTiles(stride, rest), fmt.Sprintf("%d<<3 | %d", stride, rest))
		}
	}
	d.write(file)
	d = newDispatch("ArrangeFour", avx512, "stride int, a *ArrangeFour", "stride")
	for _, stride := range []int{1, 2} {
		d.add(arrangeFour{stride}, fmt.Sprint(stride))
	}
	d.write(arrange)
}
