package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// Sizes that follow from a core's second cache. Only the time that something takes
// depends on them. They were measured where it has 1 MB and 2 MB; a smaller or larger
// one counts as the nearer of these.
var (
	secondCache = min(max(cpu.SecondCache(), 1<<20), 2<<20)

	// groupBytes is how large the points and products of a worker's group of
	// Winograd's algorithm should be, so that they stay in the cache between the
	// steps.
	groupBytes = secondCache / 4 * 3

	// aheadBytes bounds the weights that are asked for while others are used: both
	// must have room beside the input and the output, which take most of 1 MB.
	aheadBytes = max(secondCache-1<<20, 128<<10)
)
