package kernel

import (
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// A tier that a choice does not name has direct convolution, or AVX-512's choice if it
// runs the same kernels.
func TestByTier(t *testing.T) {
	levels := []cpu.Level{cpu.AVX512, cpu.AVX512x2, cpu.AVX2, cpu.NEON, cpu.Portable}
	both := ByTier{AVX512: Strassen, AVX512x2: Winograd2, AVX2: Winograd4}
	for _, c := range []struct {
		choice ByTier
		want   [5]Algorithm
	}{
		{ByTier{}, [5]Algorithm{Direct, Direct, Direct, Direct, Direct}},
		{ByTier{AVX512: Winograd4}, [5]Algorithm{Winograd4, Winograd4, Direct, Direct, Direct}},
		{ByTier{AVX512: Strassen, AVX512x2: Direct}, [5]Algorithm{Strassen, Direct, Direct, Direct, Direct}},
		{ByTier{AVX512x2: Winograd2, NEON: Winograd4}, [5]Algorithm{Direct, Winograd2, Direct, Winograd4, Direct}},
		{both.Like("avx512"), [5]Algorithm{Strassen, Strassen, Winograd4, Direct, Direct}},
		{both.Like("avx512x2"), [5]Algorithm{Winograd2, Winograd2, Winograd4, Direct, Direct}},
		{both.Like("avx2"), [5]Algorithm{Strassen, Winograd2, Winograd4, Direct, Direct}},
	} {
		for i, l := range levels {
			if got := c.choice.at(l); got != c.want[i] {
				t.Errorf("%+v at %v: %d, want %d", c.choice, l, got, c.want[i])
			}
		}
	}
}
