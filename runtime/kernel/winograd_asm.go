//go:build (amd64 || arm64) && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// run multiplies vectors by a matrix.
func (t *transform) run(tier cpu.Level, name asm.Transform) {
	var a asm.Winograd // field by field, and the bounds apart: see doc.go
	a.Low = t.low
	a.Dst, a.DstStep, a.DstNext = unsafe.Pointer(&t.dst[0]), t.dstStep*floatBytes, t.dstNext*floatBytes
	a.Src, a.SrcStep, a.SrcNext = unsafe.Pointer(&t.src[0]), t.srcStep*floatBytes, t.srcNext*floatBytes
	a.Count, a.Lines, a.DstLine, a.SrcLine = t.count, t.lines, t.dstLine*floatBytes, t.srcLine*floatBytes
	a.ResidualLine, a.Bias, a.High = t.residualLine*floatBytes, unsafe.Pointer(t.bias), t.high
	if t.residual != nil {
		a.Residual = unsafe.Pointer(&t.residual[0])
	}
	runTransform(tier, name, &a)
}
