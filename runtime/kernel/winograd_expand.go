package kernel

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
	"weak"
)

// Filters that are kept as taps for their size are transformed in each run, until their
// process has run for a while. Then their matrices are made as well, and some runs are
// with the one and some with the other: which takes longer depends on how fast the
// processor multiplies and its memory reads. What is computed has the same bits. The
// slower one is not used again; if it is the matrices, their memory is free.

// trials is the number of runs that are timed: half of them with matrices.
const trials = SettlingRuns

// expansion is the matrices of a filter that is kept as taps.
type expansion struct {
	asked    atomic.Bool
	matrices atomic.Pointer[[]float32] // nil as long as there are none, or if taps are faster
	begun    atomic.Int32              // trials
	ended    atomic.Int32
	shortest [2]atomic.Int64 // of the trials with taps and with matrices, in ns
}

// expansions are the filters whose matrices are to be made. It does not keep them
// alive.
var expansions struct {
	making sync.Mutex // held while some are made: one after another
	sync.Mutex
	waiting []weak.Pointer[Filter]
}

// matrices is those of Winograd's algorithm to use in a run, or nil for taps, and
// whether the run is a trial, which trialEnded is told of. The first call has the
// matrices made later.
func (f *Filter) matrices() (m []float32, trial bool) {
	switch {
	case !f.asTaps:
		return f.weights, false
	case f.expansion == nil:
		return nil, false
	}
	e := f.expansion
	if made := e.matrices.Load(); made != nil {
		// Runs of one session among others must not all be of one kind: whether the
		// number of ones in a binary number is odd is no periodic sequence.
		if n := e.begun.Load(); n < trials && e.begun.CompareAndSwap(n, n+1) {
			if bits.OnesCount32(uint32(n))%2 == 0 {
				return nil, true
			}
			return *made, true
		}
		return *made, false
	}
	if e.asked.CompareAndSwap(false, true) {
		expansions.Lock()
		defer expansions.Unlock()
		expansions.waiting = append(expansions.waiting, weak.Make(f))
		if len(expansions.waiting) == 1 {
			time.AfterFunc(settleAfter, expandAll)
		}
	}
	return nil, false
}

// trialEnded notes the time of a trial. After the last one it lets the matrices go if
// taps were faster.
func (e *expansion) trialEnded(matrices bool, d time.Duration) {
	kind := 0
	if matrices {
		kind = 1
	}
	shortest := &e.shortest[kind]
	for old := shortest.Load(); old == 0 || int64(d) < old; old = shortest.Load() {
		if shortest.CompareAndSwap(old, int64(d)) {
			break
		}
	}
	if e.ended.Add(1) == trials && e.shortest[0].Load() < e.shortest[1].Load() {
		e.matrices.Store(nil)
	}
}

// expandAll makes the matrices of all filters that have been used.
func expandAll() {
	expansions.making.Lock()
	defer expansions.making.Unlock()
	expansions.Lock()
	filters := expansions.waiting
	expansions.waiting = nil
	expansions.Unlock()
	for _, w := range filters {
		if f := w.Value(); f != nil {
			f.expand()
		}
	}
}

// expand makes the matrices.
func (f *Filter) expand() {
	ins := blocksOf(f.spec.In)
	points := f.method.(winograd).points(&f.spec)
	matrices := NewArena(points.filters() * f.spec.matrixSize())
	k := filterTransform{winogradPoints: points, tier: f.tier, size: f.spec.matrixSize(), half: make([]float32, points.halfSize())}
	for out := range blocksOf(f.spec.Out) {
		k.blocks(matrices[out*ins*blockSquare:], f.taps(out, 0), ins)
	}
	enlargeNow(matrices) // trials are to be fair
	f.expansion.matrices.Store(&matrices)
}
