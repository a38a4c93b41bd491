package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// General registers of the kernels.
var (
	args    = RAX // the argument
	pixel   = RCX // distance in the source from a pixel of the tile to the next
	weights = RDX
	source  = []GPPhysical{RSI, RDI, R8, R9, R10} // inputs of pixels 0, 3, 6, 9 and 12 of the tile
	ahead   = R10                                 // weights to ask for, in tiles of up to 12 pixels
	scratch = R11
	column  = R12 // kernel columns left
	row     = R13 // kernel rows left
	block   = RBX // input blocks left
	from    = R14 // distance of the tile's first input from the row's
	to      = R15 // distance of the tile's first output from the row's
)

// field is a field of the argument, by its offset.
func field(offset uintptr) Mem { return at(args, int(offset)) }

// tile is pixels by output blocks whose sums stay in registers. Its methods take
// the offsets of the argument's fields.
type tile struct {
	vectors
	blocks, pixels int
	contiguous     bool            // pixels lie side by side in the source
	sums           [][]VecPhysical // [pixel][register of the blocks]
}

// newTile takes registers for the sums, and returns those left.
func newTile(v vectors, blocks, pixels int) (t tile, free []VecPhysical) {
	t = tile{vectors: v, blocks: blocks, pixels: pixels}
	free = v.regs
	for range pixels {
		t.sums = append(t.sums, free[:t.wide()])
		free = free[t.wide():]
	}
	return t, free
}

// wide is the number of registers of a pixel's output blocks.
func (t tile) wide() int { return t.blocks * t.perBlock() }

// bases are the source registers of the tile.
func (t tile) bases() []GPPhysical {
	if t.contiguous {
		return source[:1]
	}
	return source[:(t.pixels+2)/3]
}

// input is memory at a distance from the source of a pixel.
func (t tile) input(p, distance int) Mem {
	if t.contiguous {
		return at(source[0], p*64+distance)
	}
	m := at(source[p/3], distance)
	if p%3 > 0 {
		m.Index, m.Scale = pixel, uint8(p%3)
	}
	return m
}

// start points at the tile's inputs and weights, and sets its sums to the bias.
func (t tile) start(src, weight, bias uintptr) {
	MOVQ(field(src), source[0])
	ADDQ(from, source[0])
	for i, base := range t.bases()[1:] {
		LEAQ(Mem{Base: source[i], Index: pixel, Scale: 2}, base)
		ADDQ(pixel, base)
	}
	MOVQ(field(weight), weights)
	MOVQ(field(bias), scratch)
	for v := range t.wide() {
		for p := range t.pixels {
			VMOVUPS(at(scratch, v*t.bytes), t.sums[p][v])
		}
	}
}

// next ends a loop over the sources, which go on by the sum of some steps.
func (t tile) next(label string, count GPPhysical, step uintptr, more ...uintptr) {
	MOVQ(field(step), scratch)
	for _, s := range more {
		ADDQ(field(s), scratch)
	}
	for _, base := range t.bases() {
		ADDQ(scratch, base)
	}
	DECQ(count)
	JNZ(LabelRef(label))
}

// nextTile ends the loop over the tiles of the row.
func (t tile) nextTile(width uintptr) {
	ADDQ(U32(t.pixels*64), to)
	IMUL3Q(U32(t.pixels), pixel, scratch)
	ADDQ(scratch, from)
	CMPQ(to, field(width))
	JLT(LabelRef("tile"))
}

// outputs calls f for the place of each sum in a buffer that is a field of the
// argument; step is the field of the distance between its blocks.
func (t tile) outputs(buffer, step uintptr, f func(m Mem, sum VecPhysical)) {
	base, distance := source[0], source[1]
	MOVQ(field(buffer), base)
	ADDQ(to, base)
	if t.blocks > 1 {
		MOVQ(field(step), distance)
	}
	for v := range t.wide() {
		if v > 0 && v%t.perBlock() == 0 {
			ADDQ(distance, base)
		}
		for p, sum := range t.sums {
			f(at(base, p*64+v%t.perBlock()*t.bytes), sum[v])
		}
	}
}

// unlessNil leaves out what f generates where a pointer is nil.
func unlessNil(pointer uintptr, label string, f func()) {
	CMPQ(field(pointer), Imm(0))
	JEQ(LabelRef(label))
	f()
	Label(label)
}

// add adds a buffer to the sums, if there is one.
func (t tile) add(name string, buffer, step uintptr) {
	unlessNil(buffer, "no_"+name, func() {
		t.outputs(buffer, step, func(m Mem, sum VecPhysical) { VADDPS(m, sum, sum) })
	})
}

// clamp limits the sums to their bounds. VMAXPS and VMINPS take the multipliers'
// time, and most layers want one of them or neither. The last operand that
// Intel writes, the first here, is what comes out where one is NaN.
func (t tile) clamp(bound VecPhysical, low, high uintptr) {
	t.limit("low", bound, low, math.Inf(-1), func(sum VecPhysical) { VMAXPS(sum, bound, sum) })
	t.limit("high", bound, high, math.Inf(1), func(sum VecPhysical) { VMINPS(sum, bound, sum) })
}

// limit applies f to the sums with a bound broadcast, unless it is infinite.
func (t tile) limit(name string, bound VecPhysical, value uintptr, infinite float64, f func(sum VecPhysical)) {
	CMPL(field(value), U32(math.Float32bits(float32(infinite))))
	JEQ(LabelRef("no_" + name))
	VBROADCASTSS(field(value), bound)
	for _, pixel := range t.sums {
		for _, sum := range pixel {
			f(sum)
		}
	}
	Label("no_" + name)
}
