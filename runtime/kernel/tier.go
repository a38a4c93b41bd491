package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// Tier names the tier of kernels that this processor has, avx512x2, avx512, avx2, neon
// or portable, or what RESC_TIER says.
func Tier() string { return cpu.Tier().String() }

// Tiers names the tiers that can run on this processor, each faster than the one before,
// whatever RESC_TIER says.
func Tiers() []string {
	var names []string
	for _, level := range cpu.Available() {
		names = append(names, level.String())
	}
	return names
}

// Kernels names the tier whose kernels that is: avx512 has those of avx512x2 too.
// Weights packed for a tier can be used on all that have its kernels.
func Kernels() string { return cpu.Kernels().String() }
