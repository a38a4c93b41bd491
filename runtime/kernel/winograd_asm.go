//go:build (amd64 || arm64) && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// run multiplies vectors by a matrix.
func (t *transform) run(tier cpu.Level, name asm.Transform) {
	a := asm.Winograd{
		Dst: unsafe.Pointer(&t.dst[0]), DstStep: t.dstStep * floatBytes, DstNext: t.dstNext * floatBytes,
		Src: unsafe.Pointer(&t.src[0]), SrcStep: t.srcStep * floatBytes, SrcNext: t.srcNext * floatBytes,
		Count: t.count, Lines: t.lines, DstLine: t.dstLine * floatBytes, SrcLine: t.srcLine * floatBytes,
		ResidualLine: t.residualLine * floatBytes, Bias: unsafe.Pointer(t.bias), Low: t.low, High: t.high,
	}
	if t.residual != nil {
		a.Residual = unsafe.Pointer(&t.residual[0])
	}
	winograd(tier, name, &a)
}
