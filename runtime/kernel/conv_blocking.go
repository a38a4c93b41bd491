package kernel

import "unsafe"

// blocking is how a direct convolution is cut, so that what is read again is
// still in a near cache.
type blocking struct {
	rows      int // output rows of a chunk
	panels    int // panels of a chunk
	innerRows int // rows that a panel computes before the next panel does
	depth     int // input blocks that are summed before the next row
}

const (
	// chunksPerThread balances threads that do not run at the same speed.
	chunksPerThread = 4

	// nearBytes is how much of a core's second-level cache is counted on.
	nearBytes = 256 << 10
)

// blocking chooses from the geometry and the number of threads; depth, on which
// rounding depends, from the geometry alone.
func (c Conv) blocking(w *Filter, threads int) blocking {
	h, n := c.Out.H, len(w.panels)
	deepest := 0
	for i := range w.panels {
		deepest = max(deepest, w.panels[i].depth)
	}
	b := blocking{depth: deepest}
	chunks := 1
	if threads > 1 {
		chunks = chunksPerThread * threads
	}
	if len(w.weights)*int(unsafe.Sizeof(w.weights[0])) <= nearBytes {
		// All weights stay near: read the input once.
		b.panels, b.innerRows = n, 1
		b.rows = max(h/chunks, 1)
		return b
	}
	b.panels, b.innerRows = 1, h
	b.rows = ceil(h, min(ceil(chunks, n), h))
	return b
}

func ceil(a, b int) int { return (a + b - 1) / b }
