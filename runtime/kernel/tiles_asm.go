//go:build (amd64 || arm64) && !purego

package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

const (
	floatBytes = 4
	blockBytes = blockChannels * floatBytes
)

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

// tileWidths splits a row of pixels into the fewest tiles possible, whose widths
// differ by one at most: wider ones of pixels+1, and the others of pixels.
func tileWidths(width, most int) (tiles, wider, pixels int) {
	tiles = ceil(width, most)
	return tiles, width % tiles, width / tiles
}
