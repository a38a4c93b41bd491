//go:build !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// depthwise3Sizes are the largest stride of the kernels for groups of some channels,
// 0 where there are none, and the number of pixels of the largest tile. With AVX2
// and stride 2 going tap by tap is faster, and it has too few registers for groups.
func depthwise3Sizes(tier cpu.Level, channels int) (stride, pixels int) {
	switch {
	case channels > 1 && (channels%4 > 0 || tier != cpu.AVX512):
		return 0, 0
	case channels > 1:
		return 2, 11
	case tier == cpu.AVX512:
		return 2, 14
	default:
		return 1, 10
	}
}

// computeThreeColumns computes the rows top..bottom of a block with the kernels
// that are three columns wide. It reports false where they do not apply.
func (j *depthwiseJob) computeThreeColumns(block, top, bottom int) bool {
	channels := len(j.filter.index)
	stride, most := depthwise3Sizes(j.filter.tier, channels)
	if j.KernelW != 3 || j.Dilation > 1 || j.Stride > stride {
		return false
	}
	a := asm.Depthwise3{
		Weights: unsafe.Pointer(&j.filter.weights[block*j.blockWeights()]),
		Bias:    unsafe.Pointer(&j.filter.bias[block*blockChannels]),
		DstLine: floatBytes * j.out.row,
		SrcLine: floatBytes * j.Stride * j.in.row,
		Rows:    j.KernelH,
		RowStep: floatBytes * j.in.row,

		Index: unsafe.Pointer(&j.filter.index[0]), Channels: channels,
	}
	if j.residual != nil {
		a.ResidualLine = floatBytes * j.added.row
	}
	a.Low, a.High = j.Activation.clamp()
	tiles, wider, pixels := tileWidths(j.Out.W, most)
	atOnce := max(callProducts/(j.Out.W*j.KernelH*j.KernelW*channels), 1)
	for y := top; y < bottom; y += atOnce {
		a.Height = min(atOnce, bottom-y)
		j.computeLines(&a, block, y, 0, wider, pixels+1)
		j.computeLines(&a, block, y, wider*(pixels+1), tiles-wider, pixels)
	}
	return true
}

// computeLines computes tiles from pixel x of the rows from y on.
func (j *depthwiseJob) computeLines(a *asm.Depthwise3, block, y, x, tiles, pixels int) {
	if tiles == 0 {
		return
	}
	a.Dst = unsafe.Pointer(&j.dst[j.out.at(block, y, x)])
	a.Src = unsafe.Pointer(&j.src[j.firstTap(block, y)+x*j.Stride*blockChannels])
	if j.residual != nil {
		a.Residual = unsafe.Pointer(&j.residual[j.added.at(block, y, x)])
	}
	a.Width = tiles * pixels * blockBytes
	switch {
	case a.Channels > 1:
		asm.Grouped3AVX512(j.Stride, pixels, a)
	case j.filter.tier == cpu.AVX512:
		asm.Depthwise3AVX512(j.Stride, pixels, a)
	default:
		asm.Depthwise3AVX2(j.Stride, pixels, a)
	}
}
