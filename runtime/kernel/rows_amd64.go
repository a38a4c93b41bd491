//go:build !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// poolRow combines whole windows for pixels of a row, in assembly. It reports
// false where there is none.
func poolRow(dst, src []float32, p *Pool, row, pixels int, start, scale float32) bool {
	tier := cpu.Tier()
	if tier == cpu.Portable {
		return false
	}
	a := asm.Pooling{
		Dst: unsafe.Pointer(&dst[0]), Src: unsafe.Pointer(&src[0]),
		Width: pixels, Pixel: p.Stride * blockChannels * 4,
		Rows: p.KernelH, RowStep: row * 4, Columns: p.KernelW,
		Start: start, Scale: scale,
	}
	switch {
	case tier == cpu.AVX512 && p.Max:
		asm.MaxPoolAVX512(&a)
	case tier == cpu.AVX512:
		asm.SumPoolAVX512(&a)
	case p.Max:
		asm.MaxPoolAVX2(&a)
	default:
		asm.SumPoolAVX2(&a)
	}
	return true
}

// mulAddRow is dst = min(max(x·y + z, low), high) in assembly. It reports false
// where there is none.
func mulAddRow(dst, x, y, z []float32, yStep, zStep int, low, high float32) bool {
	tier := cpu.Tier()
	if tier == cpu.Portable {
		return false
	}
	a := asm.MulAdd{
		Dst: unsafe.Pointer(&dst[0]), X: unsafe.Pointer(&x[0]), Y: unsafe.Pointer(&y[0]), Z: unsafe.Pointer(&z[0]),
		YStep: yStep * 4, ZStep: zStep * 4, Blocks: len(dst) / blockChannels,
		Low: low, High: high,
	}
	if tier == cpu.AVX512 {
		asm.MulAddAVX512(&a)
	} else {
		asm.MulAddAVX2(&a)
	}
	return true
}

// denseRow adds src[i]·weights[i] to sixteen sums in assembly. It reports false
// where there is none.
func denseRow(sums *lanes, src, weights []float32) bool {
	switch cpu.Tier() {
	case cpu.AVX512:
		asm.DenseAVX512(&sums[0], &src[0], &weights[0], len(src))
	case cpu.AVX2:
		asm.DenseAVX2(&sums[0], &src[0], &weights[0], len(src))
	default:
		return false
	}
	return true
}
