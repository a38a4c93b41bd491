//go:build !purego

package kernel

import (
	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// The kernels of amd64, by tier. The tier is not Portable.

func runDirect(tier cpu.Level, pixels int, p *panel, a *asm.Direct) {
	switch {
	case tier == cpu.AVX512 && p.half:
		asm.DirectHalfAVX512(pixels, a)
	case tier == cpu.AVX512:
		asm.DirectAVX512(pixels, p.width, a)
	default:
		asm.DirectAVX2(pixels, p.width, a)
	}
}

func runDepthwise(tier cpu.Level, pixels int, a *asm.Depthwise) {
	switch avx512, grouped := tier == cpu.AVX512, a.Channels > 1; {
	case avx512 && grouped:
		asm.GroupedAVX512(pixels, a)
	case avx512:
		asm.DepthwiseAVX512(pixels, a)
	case grouped:
		asm.GroupedAVX2(pixels, a)
	default:
		asm.DepthwiseAVX2(pixels, a)
	}
}

func runTransform(tier cpu.Level, name asm.Transform, a *asm.Winograd) {
	if tier == cpu.AVX512 {
		asm.WinogradAVX512(name, a)
	} else {
		asm.WinogradAVX2(name, a)
	}
}

// filterTaps transforms filters if the tier has a kernel that does so in one go.
func filterTaps(tier cpu.Level, stride, m int, a *asm.FilterTaps) bool {
	if tier != cpu.AVX512 {
		return false
	}
	asm.FilterTapsAVX512(stride, m, a)
	return true
}

// transformsTaps reports whether there are products of some tiles of m×m outputs that
// transform taps meanwhile.
func transformsTaps(tier cpu.Level, m, tiles int) bool {
	return tier == cpu.AVX512 && m == 4 && asm.TransformsTaps(tiles)
}

func productTaps(stride, portion, tiles int, a *asm.ProductTaps) {
	asm.ProductTapsAVX512(stride, portion, tiles, a)
}

func fourTiles(stride, rest int, a *asm.FourTiles) { asm.FourTilesAVX512(stride, rest, a) }

func rowPoints(channels int, a *asm.RowPoints) { asm.RowPointsAVX512(channels, a) }

func arrangeFour(stride int, a *asm.ArrangeFour) { asm.ArrangeFourAVX512(stride, a) }

func product(tier cpu.Level, tiles int, a *asm.Product) {
	if tier == cpu.AVX512 {
		asm.ProductAVX512(tiles, a)
	} else {
		asm.ProductAVX2(tiles, a)
	}
}

func pooling(tier cpu.Level, largest bool, a *asm.Pooling) {
	switch {
	case tier == cpu.AVX512 && largest:
		asm.MaxPoolAVX512(a)
	case tier == cpu.AVX512:
		asm.SumPoolAVX512(a)
	case largest:
		asm.MaxPoolAVX2(a)
	default:
		asm.SumPoolAVX2(a)
	}
}

// maxPool3 pools by windows of 3×3 with stride 2, if the tier has a kernel for them.
func maxPool3(tier cpu.Level, a *asm.MaxPool3) bool {
	if tier == cpu.AVX512 {
		asm.MaxPool3AVX512(a)
	} else {
		asm.MaxPool3AVX2(a)
	}
	return true
}

func multiplyAndAdd(tier cpu.Level, a *asm.MulAdd) {
	if tier == cpu.AVX512 {
		asm.MulAddAVX512(a)
	} else {
		asm.MulAddAVX2(a)
	}
}

func denseSums(tier cpu.Level, sums *lanes, src, weights *float32, n int) {
	if tier == cpu.AVX512 {
		asm.DenseAVX512(&sums[0], src, weights, n)
	} else {
		asm.DenseAVX2(&sums[0], src, weights, n)
	}
}

func smooth(tier cpu.Level, a Activation, x *float32, blocks int) {
	switch {
	case tier == cpu.AVX512 && a == SiLU:
		asm.SiLUAVX512(x, blocks)
	case tier == cpu.AVX512 && a == HardSwish:
		asm.HardSwishAVX512(x, blocks)
	case tier == cpu.AVX512 && a == Sigmoid:
		asm.SigmoidAVX512(x, blocks)
	case a == SiLU:
		asm.SiLUAVX2(x, blocks)
	case a == HardSwish:
		asm.HardSwishAVX2(x, blocks)
	case a == Sigmoid:
		asm.SigmoidAVX2(x, blocks)
	}
}

// multiplyAdd does n loops of the tier's multiply-add, and returns the number of
// operations.
func multiplyAdd(n int) (operations int) {
	switch cpu.Kernels() {
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
