package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// Tier names the kernels that this processor runs: avx512x2, avx512, avx2, neon or portable, or
// what RESC_TIER says.
func Tier() string { return cpu.Tier().String() }
