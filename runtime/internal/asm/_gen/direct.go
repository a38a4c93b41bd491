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

// Registers of the direct kernels.
const unroll = 4

var (
	args    = RAX // the asm.Direct
	pixel   = RCX // its Pixel
	weights = RDX
	source  = []GPPhysical{RSI, RDI, R8, R9, R10} // inputs of pixels 0, 3, 6, 9 and 12 of the tile
	run     = R11                                 // floats of the run left, and other short lives
	column  = R12                                 // kernel columns left
	row     = R13                                 // kernel rows left
	block   = RBX                                 // input blocks left
	from    = R14                                 // distance of the tile's first input from Src
	to      = R15                                 // distance of the tile's first output from Dst
)

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
	vectors
	blocks, pixels int
	sums           [][]VecPhysical // [pixel][register of the blocks]
	weights        []VecPhysical
	broadcasts     []VecPhysical
}

func newDirect(v vectors, blocks, pixels int) *direct {
	k := &direct{vectors: v, blocks: blocks, pixels: pixels}
	free := v.regs
	take := func(n int) []VecPhysical {
		taken := free[:n]
		free = free[n:]
		return taken
	}
	wide := k.wide()
	for range pixels {
		k.sums = append(k.sums, take(wide))
	}
	k.weights = take(min(wide, len(free)-1))
	k.broadcasts = free
	return k
}

// wide is the number of registers of the tile's output blocks.
func (k *direct) wide() int { return k.blocks * k.perBlock() }

func (k *direct) name() string {
	return fmt.Sprintf("direct%s_%dx%d", k.vectors.name, k.pixels, k.blocks)
}

// generateDirect writes the kernels of 1 to most pixels for each number of
// blocks, and the function that chooses among them.
func generateDirect(v vectors, tiles [][2]int, dispatch string) {
	for _, t := range tiles {
		for pixels := 1; pixels <= t[1]; pixels++ {
			newDirect(v, t[0], pixels).generate()
		}
	}
	writeDispatch(v, tiles, dispatch)
}

func (k *direct) generate() {
	TEXT(k.name(), NOSPLIT, "func(a *Direct)")
	Doc(fmt.Sprintf("%s computes tiles of %d pixels by %d output blocks.", k.name(), k.pixels, k.blocks))
	Pragma("noescape")
	Load(Param("a"), args)
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Pixel))), pixel)
	XORQ(from, from)
	XORQ(to, to)

	Label("tile")
	k.prefetch()
	k.start()
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Blocks))), block)
	TESTQ(block, block)
	JZ(LabelRef("finish"))

	Label("block")
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Rows))), row)
	Label("row")
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Columns))), column)
	Label("column")
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Run))), run)
	k.run()
	k.next("column", column, unsafe.Offsetof(asm.Direct{}.ColumnStep))
	k.next("row", row, unsafe.Offsetof(asm.Direct{}.RowStep))
	ADDQ(at(args, int(unsafe.Offsetof(asm.Direct{}.WeightStep))), weights)
	k.next("block", block, unsafe.Offsetof(asm.Direct{}.BlockStep))

	Label("finish")
	k.finish()

	ADDQ(U32(k.pixels*64), to)
	MOVQ(pixel, run)
	IMUL3Q(U32(k.pixels), pixel, run)
	ADDQ(run, from)
	CMPQ(to, at(args, int(unsafe.Offsetof(asm.Direct{}.Width))))
	JLT(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// bases are the source registers of the tile.
func (k *direct) bases() []GPPhysical { return source[:(k.pixels+2)/3] }

// prefetch asks for the lines that the tile will write, and those of the
// residual, so that they have come when the sums are done.
func (k *direct) prefetch() {
	base, step := source[0], source[1]
	ask := func(at Mem, _ VecPhysical) { PREFETCHT0(at) }
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Residual))), base)
	TESTQ(base, base)
	JZ(LabelRef("prefetch_dst"))
	ADDQ(to, base)
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.ResidualBlock))), step)
	k.outputs(base, step, ask)
	Label("prefetch_dst")
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Dst))), base)
	ADDQ(to, base)
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.DstBlock))), step)
	k.outputs(base, step, ask)
}

// start points at the tile's inputs and weights, and sets its sums to the bias.
func (k *direct) start() {
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Src))), source[0])
	ADDQ(from, source[0])
	for i, base := range k.bases()[1:] {
		LEAQ(Mem{Base: source[i], Index: pixel, Scale: 2}, base)
		ADDQ(pixel, base)
	}
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Weights))), weights)
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Bias))), run)
	for v := range k.wide() {
		for p := range k.pixels {
			VMOVUPS(at(run, v*k.bytes), k.sums[p][v])
		}
	}
}

// run multiplies and adds a run of floats.
func (k *direct) run() {
	SUBQ(Imm(unroll), run)
	JLT(LabelRef("rest"))
	Label("floats")
	for i := range unroll {
		k.float(i)
	}
	k.advance(unroll)
	SUBQ(Imm(unroll), run)
	JGE(LabelRef("floats"))
	Label("rest")
	ADDQ(Imm(unroll), run)
	JZ(LabelRef("done"))
	Label("single")
	k.float(0)
	k.advance(1)
	DECQ(run)
	JNZ(LabelRef("single"))
	Label("done")
}

// float multiplies and adds the i-th float from the sources on.
func (k *direct) float(i int) {
	wide := k.wide()
	weight := func(v int) Mem { return at(weights, (i*wide+v)*k.bytes) }
	for v, w := range k.weights {
		VMOVUPS(weight(v), w)
	}
	for p, sum := range k.sums {
		x := k.broadcasts[p%len(k.broadcasts)]
		VBROADCASTSS(k.input(p, i), x)
		for v, w := range k.weights {
			VFMADD231PS(w, x, sum[v])
		}
		for v := len(k.weights); v < wide; v++ {
			VFMADD231PS(weight(v), x, sum[v])
		}
	}
}

// input is the i-th float of the run for a pixel of the tile.
func (k *direct) input(p, i int) Mem {
	m := at(source[p/3], 4*i)
	if p%3 > 0 {
		m.Index, m.Scale = pixel, uint8(p%3)
	}
	return m
}

func (k *direct) advance(floats int) {
	for _, base := range k.bases() {
		ADDQ(Imm(uint64(4*floats)), base)
	}
	ADDQ(U32(floats*k.wide()*k.bytes), weights)
}

// next ends a loop over the sources.
func (k *direct) next(label string, count GPPhysical, step uintptr) {
	MOVQ(at(args, int(step)), run)
	for _, base := range k.bases() {
		ADDQ(run, base)
	}
	DECQ(count)
	JNZ(LabelRef(label))
}

// finish adds the residual, limits the sums to their bounds and stores them.
func (k *direct) finish() {
	residual, step := source[0], source[1]
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Residual))), residual)
	TESTQ(residual, residual)
	JZ(LabelRef("store"))
	ADDQ(to, residual)
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.ResidualBlock))), step)
	k.outputs(residual, step, func(m Mem, sum VecPhysical) { VADDPS(m, sum, sum) })

	Label("store")
	// VMAXPS and VMINPS take the multipliers' time, and most layers want one of
	// them or neither. The last operand that Intel writes, the first here, is
	// what comes out where one is NaN.
	bound := k.broadcasts[0]
	k.clamp("low", unsafe.Offsetof(asm.Direct{}.Low), math.Inf(-1), func(sum VecPhysical) { VMAXPS(sum, bound, sum) })
	k.clamp("high", unsafe.Offsetof(asm.Direct{}.High), math.Inf(1), func(sum VecPhysical) { VMINPS(sum, bound, sum) })
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.Dst))), residual)
	ADDQ(to, residual)
	MOVQ(at(args, int(unsafe.Offsetof(asm.Direct{}.DstBlock))), step)
	k.outputs(residual, step, func(m Mem, sum VecPhysical) { VMOVUPS(sum, m) })
}

// clamp applies f to the sums with a bound broadcast, unless it is infinite.
func (k *direct) clamp(name string, bound uintptr, infinite float64, f func(sum VecPhysical)) {
	CMPL(at(args, int(bound)), U32(math.Float32bits(float32(infinite))))
	JEQ(LabelRef("no_" + name))
	VBROADCASTSS(at(args, int(bound)), k.broadcasts[0])
	for _, pixel := range k.sums {
		for _, sum := range pixel {
			f(sum)
		}
	}
	Label("no_" + name)
}

// outputs calls f for each sum and its place, of which base is the first; step
// is the distance between blocks.
func (k *direct) outputs(base, step GPPhysical, f func(m Mem, sum VecPhysical)) {
	for v := range k.wide() {
		if v > 0 && v%k.perBlock() == 0 {
			ADDQ(step, base)
		}
		for p, sum := range k.sums {
			f(at(base, p*64+v%k.perBlock()*k.bytes), sum[v])
		}
	}
}
