package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// A filter that is kept as taps is transformed by parts, from some input blocks to one
// output block, which stay in a core's cache while the points are multiplied by them.
// Meanwhile the next part's taps come from memory.

// tapsDepth is the number of input blocks of a part. With stride 2, where matrices
// add up to a product, a part has all of them, so that the order of additions is the
// same as with matrices that are made beforehand.
func (c Conv) tapsDepth() int {
	if ins := c.In.blocks(); c.Stride == 2 || ins < 8 {
		return ins
	}
	return 8
}

// fromTaps computes the pixels of the group's output block that is held.
func (g *winogradGroup) fromTaps(scratch, memory []float32) {
	k := filterTransform{winogradPoints: g.winogradPoints, tier: g.filter.tier, size: g.partStride(), half: scratch}
	matrices := memory[:g.filters()*k.size]
	g.products = memory[len(matrices):]
	for in := 0; in < g.ins; in += g.depth {
		ins := min(g.depth, g.ins-in)
		k.blocks(matrices, g.filter.taps(g.first, in), ins)
		part := filterPart{matrices: matrices, size: k.size, in: in, ins: ins, outs: 1, ahead: g.tapsAhead(in + ins)}
		for point := range g.n * g.n {
			g.multiply(point, &part)
		}
	}
	for row := range g.rows.tiles() {
		g.output(scratch, 0, row)
	}
}

// taps is those to an output block from an input block on.
func (f *Filter) taps(out, in int) []float32 {
	return f.weights[(out*blocksOf(f.spec.In)+in)*9*blockSquare:]
}

// tapsAhead is what to ask for while a part is in use: the taps of the next one, of
// which each product asks for its share.
type tapsAhead struct {
	at   uintptr // 0: the weights that lie ahead of those in use
	step int     // for each input channel
}

// tapsAhead begins with the taps of some input blocks on, or of the next output
// block.
func (g *winogradGroup) tapsAhead(in int) tapsAhead {
	out := g.first
	if in == g.ins {
		out, in = out+1, 0
	}
	if out == g.outs {
		out = 0
	}
	return tapsAhead{uintptr(unsafe.Pointer(&g.filter.taps(out, in)[0])), 9 * blockBytes / g.calls}
}

// ask says what the next product is to ask for.
func (t *tapsAhead) ask(a *asm.Product) {
	if t.at == 0 {
		a.Ahead, a.AheadStep = uintptr(a.Weights)+asm.WeightsAhead, blockBytes
		return
	}
	a.Ahead, a.AheadStep = t.at, t.step
	t.at += uintptr(t.step * a.Ins * blockChannels)
}
