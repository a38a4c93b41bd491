package kernel

import (
	"sync"
	"sync/atomic"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// A process that computes one image and ends should not pay for what pays off over many.
// So Winograd's filters that are kept as taps for their size are transformed in each run,
// until Prepare transforms them once where that is faster. Results have the same bits.

// expansion is the matrices of a filter that is kept as taps.
type expansion struct {
	once     sync.Once
	matrices atomic.Pointer[[]float32] // nil until they are made
}

// matricesPay reports whether matrices are faster than taps. Taps are transformed, matrices
// are up to four times as many bytes to read. With AVX-512 the multiplications hide the
// transform where the second cache has room for what it makes: of 2 MB it has, on a Xeon,
// of 1 MB not, on Zen 5 (ResNet-34 on one thread: 28.7 ms by taps and 29.1 by matrices;
// 14.2 and 12.4). With AVX2 they hide nothing (on the Xeon 60.5 and 54.8).
func matricesPay(tier cpu.Level) bool { return tier != cpu.AVX512 || secondCache < 2<<20 }

// Prepare makes later runs with the filter faster, where that takes more memory than the
// filter: up to four times as much. It takes some milliseconds the first time. Several
// goroutines may call it, also while the filter is in use.
func (f *Filter) Prepare() {
	if e := f.expansion; e != nil {
		e.once.Do(func() { e.matrices.Store(f.expand()) })
	}
}

// matrices is those of Winograd's algorithm to use in a run, or nil for taps.
func (f *Filter) matrices() []float32 {
	if !f.asTaps {
		return f.weights
	}
	if f.expansion != nil {
		if made := f.expansion.matrices.Load(); made != nil {
			return *made
		}
	}
	return nil
}

// expand transforms the taps.
func (f *Filter) expand() *[]float32 {
	ins := blocksOf(f.spec.In)
	points := f.method.(winograd).points(&f.spec)
	matrices := NewArena(points.filters() * f.spec.matrixSize())
	k := filterTransform{winogradPoints: points, tier: f.tier, size: f.spec.matrixSize(), half: make([]float32, points.halfSize())}
	for out := range blocksOf(f.spec.Out) {
		k.blocks(matrices[out*ins*blockSquare:], f.taps(out, 0), ins)
	}
	return &matrices
}
