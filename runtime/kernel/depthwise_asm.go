//go:build (amd64 || arm64) && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// compute runs the kernel of the filter's tier on the rows top..bottom of a
// block. Rows that fall in the padding are read as the zeros they are.
func (j *depthwiseJob) compute(block, top, bottom int) {
	tier := j.filter.tier
	if tier == cpu.Portable {
		j.computePortable(block, top, bottom)
		return
	}
	if j.computeThreeColumns(block, top, bottom) {
		return
	}
	a := asm.Depthwise{
		Weights:    unsafe.Pointer(&j.filter.weights[block*j.blockWeights()]),
		Index:      unsafe.Pointer(&j.filter.index[0]),
		Channels:   len(j.filter.index),
		Bias:       unsafe.Pointer(&j.filter.bias[block*blockChannels]),
		Pixel:      j.Stride * blockBytes,
		Rows:       j.KernelH,
		RowStep:    j.Dilation * (floatBytes*j.in.row - j.KernelW*blockBytes),
		Columns:    j.KernelW,
		ColumnStep: j.Dilation * blockBytes,
	}
	a.Low, a.High = j.Activation.clamp()
	tiles, wider, pixels := tileWidths(j.Out.W, depthwisePixels(tier, a.Channels))
	for y := top; y < bottom; y++ {
		j.computeTiles(&a, block, y, 0, wider, pixels+1)
		j.computeTiles(&a, block, y, wider*(pixels+1), tiles-wider, pixels)
	}
}

// computeTiles computes tiles of a row from pixel x on.
func (j *depthwiseJob) computeTiles(a *asm.Depthwise, block, y, x, tiles, pixels int) {
	if tiles == 0 {
		return
	}
	a.Dst = unsafe.Pointer(&j.dst[j.out.at(block, y, x)])
	a.Src = unsafe.Pointer(&j.src[j.firstTap(block, y)+x*j.Stride*blockChannels])
	if j.residual != nil {
		a.Residual = unsafe.Pointer(&j.residual[j.added.at(block, y, x)])
	}
	a.Width = tiles * pixels * blockBytes
	runDepthwise(j.filter.tier, pixels, a)
}
