package kernel

import (
	"cmp"
	"maps"
	"slices"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// Algorithm is a way to compute a convolution. Each packs its weights in its own order,
// so that a Filter belongs to one.
type Algorithm int

// The algorithms. Direct computes any convolution, the others those of 3×3 or 1×1
// without dilation, on tiers that have assembly: Winograd's in groups of whole
// blocks of channels, Strassen's in one group. WinogradRows is for other kernels.
// Files of packed weights hold these numbers: new ones come last.
const (
	Direct       Algorithm = iota + 1 // multiply and add, tap by tap
	Winograd2                         // F(2×2, 3×3)
	Winograd4                         // F(4×4, 3×3)
	Strassen                          // of 1×1 convolutions, on amd64
	Strassen2                         // the same by two levels
	WinogradRows                      // F(4) along rows, of kernels 7 wide with stride 2 and few input channels, with AVX-512
	WinogradFour                      // F(4×4, 3×3) in one group, fast for square images of 5 to 8 pixels a side, with AVX-512
)

// algorithms has a row for each algorithm: its name in reports, its constant in Go and
// what computes it. To add one is to write its methods, in files of their own, and two
// rows: here, and that of its cost in compiler/internal/plan.
var algorithms = map[Algorithm]struct {
	name, constant string
	method
}{
	Direct:       {"direct", "Direct", direct{}},
	Winograd2:    {"winograd F(2x2)", "Winograd2", winograd{m: 2}},
	Winograd4:    {"winograd F(4x4)", "Winograd4", winograd{m: 4}},
	WinogradFour: {"winograd F(4x4), 4 tiles", "WinogradFour", winograd{m: 4, four: true}},
	WinogradRows: {"winograd F(4), rows", "WinogradRows", winogradRows{}},
	Strassen:     {"strassen", "Strassen", strassen{levels: 1}},
	Strassen2:    {"strassen, 2 levels", "Strassen2", strassen{levels: 2}},
}

// method is how an algorithm computes convolutions. It is a comparable value.
type method interface {
	// suits says whether it can, of these weights with the kernels of a tier.
	suits(s FilterSpec, tier cpu.Level) bool
	// plan notes in a filter of known specification and tier what its kernels need
	// beside the values, and returns the number of weights.
	plan(f *Filter) (weights int)
	// pack orders weights in the filter's, which are zero.
	pack(f *Filter, rows Rows)
	// run computes one image. The arguments are those of Conv.Run, checked and without
	// defaults.
	run(c Conv, t *Threads, dst, src, residual []float32, w *Filter)
}

// Algorithms lists all algorithms, Direct first.
func Algorithms() []Algorithm { return slices.Sorted(maps.Keys(algorithms)) }

// Suits reports whether a tier, by its name, has kernels that compute convolutions without
// dilation of such weights by the algorithm. Which algorithm s names does not matter.
func (a Algorithm) Suits(s FilterSpec, tier string) bool {
	level, ok := cpu.Parse(tier)
	s = s.withDefaults()
	return ok && a.method(s).suits(s, level.Kernels())
}

// Name is the algorithm's name in reports. It is no String: the text of a FilterSpec,
// by which packed weights are recognised, holds the number.
func (a Algorithm) Name() string { return algorithms[a].name }

// GoString is the constant in Go, for code that is emitted.
func (a Algorithm) GoString() string { return "kernel." + algorithms[a].constant }

// method is how a filter of the algorithm is computed. Direct convolution in narrow
// groups has kernels of its own.
func (a Algorithm) method(s FilterSpec) method {
	if a == Direct && s.narrow() {
		return depthwise{}
	}
	return algorithms[a].method
}

// ByTier is a choice of algorithm for each tier. The compiler makes it from shapes
// alone; the processor's tier selects from it as weights are packed. A tier that it does
// not name has Direct, but AVX512x2 what AVX512 has.
type ByTier struct{ AVX512, AVX512x2, AVX2, NEON, Portable Algorithm }

func (b ByTier) at(tier cpu.Level) Algorithm {
	switch tier {
	case cpu.AVX512:
		return cmp.Or(b.AVX512, Direct)
	case cpu.AVX512x2:
		return cmp.Or(b.AVX512x2, b.AVX512, Direct)
	case cpu.AVX2:
		return cmp.Or(b.AVX2, Direct)
	case cpu.NEON:
		return cmp.Or(b.NEON, Direct)
	default:
		return cmp.Or(b.Portable, Direct)
	}
}

// For is the algorithm on a tier, by its name (see Tier); Direct where there is no such
// tier.
func (b ByTier) For(tier string) Algorithm {
	level, ok := cpu.Parse(tier)
	if !ok {
		return Direct
	}
	return b.at(level)
}

// Like is the choice for a tier, by its name, on every tier that has the same kernels:
// for weights that were packed for it.
func (b ByTier) Like(tier string) ByTier {
	if tier == cpu.AVX512x2.String() {
		b.AVX512 = b.at(cpu.AVX512x2)
	}
	if tier == cpu.AVX512.String() {
		b.AVX512x2 = b.at(cpu.AVX512)
	}
	return b
}
