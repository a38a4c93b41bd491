//go:build amd64 && !purego

package kernel

import (
	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// scaleFours is ScaleRow for as many values as assembly takes, from the first on.
func scaleFours(dst, src []float32, scale float64) (done int, largest uint32) {
	n := len(dst) / 4
	if n == 0 || cpu.Kernels() == cpu.Portable {
		return 0, 0
	}
	return 4 * n, asm.Scale(&dst[0], &src[:len(dst)][0], n, scale)
}
