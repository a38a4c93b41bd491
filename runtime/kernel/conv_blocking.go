package kernel

const (
	// stripsPerThread balances threads that do not run at the same speed.
	stripsPerThread = 16

	// chunkProducts is the least work of a chunk, in multiplications of 16
	// lanes: some microseconds, beside which handing it out is nothing.
	chunkProducts = 1 << 14

	// callProducts bounds the multiplications of 16 lanes in one call of
	// assembly: tens of microseconds, in which nothing can preempt it.
	callProducts = 1 << 18

	// tileVectors is the number of blocks of the largest tile's outputs.
	tileVectors = 28
)

// stripRows is the number of output rows of a panel that make a chunk. A panel's
// weights stay near while its rows are computed, and its outputs with one
// thread: the other order, all panels of a row, reads the input once but was
// slower on every layer of the ResNets. Several threads have equal numbers of
// strips if the height allows it.
func (c Conv) stripRows(w *Filter, threads int) int {
	h, n := c.Out.H, len(w.panels)
	if threads == 1 {
		return h
	}
	products := len(w.weights) / blockChannels * c.Out.W / n // of a row
	least := min(ceil(chunkProducts, max(products, 1)), h)
	strips := min(ceil(stripsPerThread*threads, n), ceil(h, least))
	if equal := strips - strips%threads; equal > 0 && ceil(h, ceil(h, equal))%threads == 0 {
		strips = equal
	}
	return ceil(h, strips)
}

// partDepth is the number of input blocks that a call sums at most. It depends
// on the geometry alone, as rounding depends on it.
func (c Conv) partDepth() int {
	return max(callProducts/(tileVectors*c.KernelH*c.KernelW*c.In.block()), 1)
}

// tileWidths splits a row of pixels into the fewest tiles possible, whose widths
// differ by one at most: wider ones of pixels+1, and the others of pixels.
func tileWidths(width, most int) (tiles, wider, pixels int) {
	if width <= most {
		return 1, 0, width
	}
	tiles = ceil(width, most)
	return tiles, width % tiles, width / tiles
}

func ceil(a, b int) int { return (a + b - 1) / b }
