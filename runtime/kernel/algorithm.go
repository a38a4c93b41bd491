package kernel

import (
	"cmp"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// Algorithm is a way to compute a convolution. Each packs its weights in its
// own order, so that a Filter belongs to one.
type Algorithm int

// The algorithms. Direct computes any convolution, the others those of 3×3 or 1×1
// without dilation, on tiers that have assembly: Winograd's in groups of whole
// blocks of channels, Strassen's in one group. WinogradRows is for other kernels.
const (
	Direct       Algorithm = iota + 1 // multiply and add, tap by tap
	Winograd2                         // F(2×2, 3×3)
	Winograd4                         // F(4×4, 3×3)
	Strassen                          // of 1×1 convolutions, on amd64
	Strassen2                         // the same by two levels
	WinogradRows                      // F(4) along rows, of kernels 7 wide with stride 2 and few input channels, with AVX-512
	WinogradFour                      // F(4×4, 3×3) in one group, fast for square images of 5 to 8 pixels a side, with AVX-512
)

// algorithmNames are the names of the algorithms in reports and in Go.
var algorithmNames = map[Algorithm]struct{ report, constant string }{
	Direct:       {"direct", "Direct"},
	Winograd2:    {"winograd F(2x2)", "Winograd2"},
	Winograd4:    {"winograd F(4x4)", "Winograd4"},
	WinogradFour: {"winograd F(4x4), 4 tiles", "WinogradFour"},
	WinogradRows: {"winograd F(4), rows", "WinogradRows"},
	Strassen:     {"strassen", "Strassen"},
	Strassen2:    {"strassen, 2 levels", "Strassen2"},
}

// Name is the algorithm's name in reports. It is no String: the text of a FilterSpec,
// by which packed weights are recognised, holds the number.
func (a Algorithm) Name() string { return algorithmNames[a].report }

// GoString is the constant in Go, for code that is emitted.
func (a Algorithm) GoString() string { return "kernel." + algorithmNames[a].constant }

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

// suits says whether an algorithm can compute a convolution of these weights with the
// kernels of a tier.
func (a Algorithm) suits(s FilterSpec, tier cpu.Level) bool {
	if levels := a.strassenLevels(); levels > 0 {
		return strassenSuits(s, levels) && (tier == cpu.AVX2 || tier == cpu.AVX512)
	}
	if a == WinogradRows {
		return s.rowsSuits() && tier == cpu.AVX512
	}
	if a == WinogradFour && (tier != cpu.AVX512 || s.Groups > 1) {
		return false
	}
	return a == Direct || tier != cpu.Portable && s.KernelH == 3 && s.KernelW == 3 && s.Stride <= 2 && s.Block == blockChannels && s.wholeGroups()
}
