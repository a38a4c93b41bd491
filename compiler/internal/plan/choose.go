package plan

import "github.com/resc-lang/resc/runtime/kernel"

// Memory says what packed weights may cost.
type Memory string

// The choices.
const (
	Fast  Memory = "fast"  // the fastest algorithm, whatever its filter takes
	Small Memory = "small" // no filter larger than that of direct convolution, save a first one of a few channels
)

// choose picks the algorithm of a convolution on each tier of processors, from
// its shape and the memory choice alone: never from threads, batch or timing, so
// that results are the same everywhere. It is the one whose cost is least. The
// portable tier has direct convolution only; NEON has the choices of AVX2, as the
// same multiplications are saved, but not Strassen's algorithm. What is left out is
// what kernel.ByTier means without it.
func choose(c convolution) kernel.ByTier {
	var choice kernel.ByTier
	avx512, x2, avx2 := costs16.cheapest(c), costs32.cheapest(c), costsAVX2.cheapest(c)
	if avx512 != kernel.Direct {
		choice.AVX512 = avx512
	}
	if x2 != avx512 {
		choice.AVX512x2 = x2
	}
	switch avx2 {
	case kernel.Direct:
	case kernel.Strassen, kernel.Strassen2:
		choice.AVX2 = avx2
	default:
		choice.AVX2, choice.NEON = avx2, avx2
	}
	return choice
}

// Algorithm names how a call computes its convolution on a tier; empty for other
// calls.
func (c *Call) Algorithm(tier string) string {
	if _, ok := c.Kernel.(Conv); !ok {
		return ""
	}
	return c.Weights.Spec.(kernel.FilterSpec).Algorithm.For(tier).Name()
}
