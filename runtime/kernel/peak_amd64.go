//go:build !purego

package kernel

import (
	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// multiplyAdd does n loops of the tier's multiply-add, and returns the number of
// operations.
func multiplyAdd(n int) (operations int) {
	switch cpu.Tier() {
	case cpu.AVX512:
		asm.PeakAVX512(n)
		return n * 12 * 16 * 2
	case cpu.AVX2:
		asm.PeakAVX2(n)
		return n * 12 * 8 * 2
	default:
		return multiplyAddPortable(n, 0.5, 1)
	}
}
