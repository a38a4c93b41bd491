//go:build (amd64 || arm64) && !purego

package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// directPixels is the number of pixels of the largest tile to use for a row of a
// panel: what fits in registers, in one direction or the other.
func directPixels(tier cpu.Level, panel, width int) int {
	switch {
	case tier == cpu.NEON:
		return 6
	case tier == cpu.AVX2 && panel == 2:
		return 3
	case tier == cpu.AVX2 && width == 7:
		return 7 // bound by its loads, and still faster than 4 and 3
	case tier == cpu.AVX2:
		return 6
	case panel == 4:
		return 7
	case panel == 2:
		return 14
	default:
		return 15
	}
}

// depthwisePixels is the number of pixels of the largest tile of a depthwise
// kernel, for groups of some channels.
func depthwisePixels(tier cpu.Level, channels int) int {
	switch {
	case tier == cpu.AVX512:
		return 14
	case tier == cpu.NEON:
		return 6
	case channels > 1:
		return 5
	default:
		return 7
	}
}

// productTiles is the number of tiles that a kernel of products takes at most.
func productTiles(tier cpu.Level) int {
	switch tier {
	case cpu.AVX512:
		return 28
	case cpu.NEON:
		return 6
	default:
		return 7
	}
}
