//go:build (amd64 || arm64) && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// poolRow combines whole windows for pixels of a row, in assembly. It reports
// false where there is none, and where the largest values have met NaN.
func poolRow(dst, src []float32, p *Pool, row, pixels int, start, scale float32) bool {
	tier := cpu.Kernels()
	if tier == cpu.Portable {
		return false
	}
	a := asm.Pooling{
		Dst: unsafe.Pointer(&dst[0]), Src: unsafe.Pointer(&src[0]),
		Width: pixels, Pixel: p.Stride * blockChannels * 4,
		Rows: p.KernelH, RowStep: row * 4, Columns: p.KernelW,
		Start: start, Scale: scale,
	}
	pooling(tier, p.Max, &a)
	return a.Status&asm.StatusInvalid == 0
}

// maxPool3Row is the largest values of windows of 3×3 with stride 2, for pixels of a row,
// in assembly: rows begin at the second column of the first window, and the column
// before is in the window or not. It reports false where there is none, and where the
// values have met NaN.
func maxPool3Row(dst []float32, rows [3][]float32, pixels int, before bool) bool {
	tier := cpu.Kernels()
	if tier == cpu.Portable {
		return false
	}
	a := asm.MaxPool3{Dst: unsafe.Pointer(&dst[0]), Width: pixels, Start: negativeInfinity}
	for i, r := range rows {
		a.Rows[i] = unsafe.Pointer(&r[0])
	}
	if before {
		a.Before = 1
	}
	return maxPool3(tier, &a) && a.Status&asm.StatusInvalid == 0
}

// mulAddRow is dst = min(max(x·y + z, low), high) in assembly. It reports false
// where there is none.
func mulAddRow(dst, x, y, z []float32, yStep, zStep int, low, high float32) bool {
	tier := cpu.Kernels()
	if tier == cpu.Portable {
		return false
	}
	a := asm.MulAdd{
		Dst: unsafe.Pointer(&dst[0]), X: unsafe.Pointer(&x[0]), Y: unsafe.Pointer(&y[0]), Z: unsafe.Pointer(&z[0]),
		YStep: yStep * 4, ZStep: zStep * 4, Blocks: len(dst) / blockChannels,
		Low: low, High: high,
	}
	multiplyAndAdd(tier, &a)
	return true
}

// denseRow adds src[i]·weights[i] to sixteen sums in assembly. It reports false
// where there is none.
func denseRow(sums *lanes, src, weights []float32) bool {
	tier := cpu.Kernels()
	if tier == cpu.Portable {
		return false
	}
	denseSums(tier, sums, &src[0], &weights[0], len(src))
	return true
}
