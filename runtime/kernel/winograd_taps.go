package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// A filter that is kept as taps is transformed by parts, from some input blocks to one
// output block, which stay in a core's cache while the points are multiplied by them.
// Meanwhile the next part is transformed, by the kernels of products if the tier has
// such, and the taps of the one after that come from memory.

// tapsDepth is the number of input blocks of a part. With stride 2 it is that of
// phaseBlocks, so that the order of additions is the same as with matrices that are
// made beforehand.
const tapsDepth = phaseBlocks

// tapsRun is the number of neighbouring output blocks that a worker computes one
// after another. The first part of a run is transformed while nothing is multiplied.
func tapsRun(outs, threads int) int {
	if threads == 1 {
		return outs
	}
	return ceil(outs, 2*threads)
}

// fromTaps computes the pixels of some output blocks.
func (g *winogradGroup) fromTaps(from, to int, scratch, memory []float32) {
	k := filterTransform{winogradPoints: g.winogradPoints, tier: g.filter.tier, size: g.partStride(), half: scratch}
	size := g.filters() * k.size
	matrices, next, meanwhile := memory[:size], memory[size:2*size], transformsTaps(k.tier, g.m, g.tiles)
	if !meanwhile {
		next = matrices
	}
	g.products = memory[2*size:]
	parts := ceil(g.ins, g.depth)
	for i := from * parts; i < to*parts; i++ {
		out, in, ins := g.tapsPart(i)
		if i == from*parts {
			k.blocks(matrices, g.filter.taps(out, in), ins)
		}
		part := filterPart{matrices: matrices, size: k.size, in: in, ins: ins, outs: 1, ahead: g.tapsAhead(i+2, to*parts)}
		if i+1 < to*parts {
			out, in, ins := g.tapsPart(i + 1)
			part.next = nextPart{filterTransform: k, matrices: next, taps: g.filter.taps(out, in), ins: ins, meanwhile: meanwhile}
			part.next.askStep = part.ahead.step * blockChannels / asm.TapAsks(g.stride)
		}
		g.multiplyAll(&part)
		part.next.finish()
		matrices, next = next, matrices
		if in+ins < g.ins {
			continue
		}
		g.first = out
		for row := range g.rows.tiles() {
			g.output(scratch, 0, row)
		}
	}
}

// tapsPart is the output block and the input blocks of the i-th part of the filter.
func (g *winogradGroup) tapsPart(i int) (out, in, ins int) {
	parts := ceil(g.ins, g.depth)
	in = i % parts * g.depth
	return i / parts, in, min(g.depth, g.ins-in)
}

// taps is those to an output block from an input block on.
func (f *Filter) taps(out, in int) []float32 {
	return f.weights[(out*blocksOf(f.spec.In)+in)*9*blockSquare:]
}

// nextPart is a part of the filter that is transformed while the one before is in use,
// or after it.
type nextPart struct {
	filterTransform
	meanwhile      bool
	matrices, taps []float32
	ins            int // input blocks
	askStep        int // from an address that a product asks for to the next
	block, done    int // the one in turn, and its channels that are done, for one portion after another
}

// portion says what a product of some input blocks is to transform, if anything.
func (n *nextPart) portion(ins int, a *asm.ProductTaps) (portion int, ok bool) {
	if n.block == n.ins {
		return 0, false
	}
	channel := n.done % blockChannels
	portion = n.done / blockChannels
	a.Channels = min(ins, blockChannels-channel)
	a.Next.Dst = unsafe.Pointer(&n.matrices[n.block*blockSquare+channel*blockChannels])
	a.Next.DstStep = n.size * floatBytes
	a.Next.Src = unsafe.Pointer(&n.taps[n.block*9*blockSquare+channel*blockChannels])
	if n.done += a.Channels; n.done == asm.TapPortions*blockChannels {
		n.block, n.done = n.block+1, 0
	}
	return portion, true
}

// product multiplies tiles by a part of the filter, and transforms meanwhile.
func (n *nextPart) product(tier cpu.Level, tiles int, a *asm.ProductTaps) {
	if n.meanwhile && transformsTaps(tier, n.m, tiles) {
		if portion, ok := n.portion(a.Ins, a); ok {
			a.AheadStep = n.askStep
			productTaps(n.stride, portion, tiles, a)
			return
		}
	}
	product(tier, tiles, &a.Product)
}

// finish transforms what is left.
func (n *nextPart) finish() {
	if n.block < n.ins {
		n.blocks(n.matrices[n.block*blockSquare:], n.taps[n.block*9*blockSquare:], n.ins-n.block)
	}
}

// tapsAhead is what to ask for while a part is in use: the taps of another, of which
// each product asks for its share.
type tapsAhead struct {
	at   uintptr // 0: the weights that lie ahead of those in use
	step int     // for each input channel
}

// tapsAhead begins with the taps of a part, or of one that the worker may come to
// after the end of its run.
func (g *winogradGroup) tapsAhead(i, end int) tapsAhead {
	if parts := ceil(g.ins, g.depth); i >= end {
		i = (i + (g.workers-1)*g.run*parts) % (g.outs * parts)
	}
	out, in, _ := g.tapsPart(i)
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
