package kernel

// task is a job cut into chunks that may run in any order and at once. A worker,
// counted from 0, does one at a time.
type task interface{ do(worker, chunk int) }

// Threads is the workers of one session. Its methods, and the kernels that are
// given it, are called by one goroutine at a time.
//
// Whoever has nothing to do waits by spinning for a while, as the next job or
// the last chunk mostly comes within microseconds, and then sleeps. A thread
// that sleeps costs nothing and leaves its processor to those that work: to a
// worker, say, whose own processor is taken by another process. What a kernel
// computes never depends on how many threads there are.
type Threads struct {
	*crew

	// Each kernel's job has its place here, so that running one allocates
	// nothing.
	direct    directJob
	winograd  winogradJob
	strassen  strassenJob
	rows      rowsJob
	depthwise depthwiseJob
	pool      poolJob
	average   averageJob
	linear    linearJob
	affine    affineJob
	activate  activateJob
	add       addJob
	mul       mulJob
	place     placeJob
	imported  importJob
	exported  exportJob
	batch     batchJob

	workspace []float32   // of algorithms that need one; grows to the largest
	private   [][]float32 // of each worker: see own
}

// own is memory for each worker. Several have theirs to themselves: what a worker has
// written stays in its core's cache, and were it another's in the next layer, that
// one would wait for it. One worker does better with the memory that all layers use.
func (t *Threads) own(floats int) [][]float32 {
	for i := range t.private {
		memory := &t.private[i]
		if t.N() > 1 && len(*memory) < floats {
			*memory = NewArena(floats)
		}
	}
	if t.N() == 1 {
		if len(t.workspace) < floats {
			t.workspace = NewArena(floats)
		}
		t.private[0] = t.workspace
	}
	return t.private
}
