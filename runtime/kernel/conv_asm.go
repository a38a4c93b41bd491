//go:build (amd64 || arm64) && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// compute runs the kernel of the filter's tier.
func (j *directJob) compute(r *directRow) {
	tier, blocks := j.filter.tier, r.panel.width
	if tier == cpu.Portable {
		j.computePortable(r)
		return
	}
	tiles, wider, pixels := tileWidths(j.Out.W, directPixels(tier, blocks, j.Out.W))
	a := j.arguments(r)
	j.computeTiles(&a, r, 0, wider, pixels+1)
	j.computeTiles(&a, r, wider*(pixels+1), tiles-wider, pixels)
}

// computeTiles computes tiles from pixel x of the row on.
func (j *directJob) computeTiles(a *asm.Direct, r *directRow, x, tiles, pixels int) {
	blocks := r.panel.width
	products := r.depth * r.kernelH * j.KernelW * j.in.pixel * blocks * pixels
	atOnce := tiles
	if products*tiles > callProducts {
		atOnce = max(callProducts/products, 1)
	}
	for tiles > 0 {
		n := min(tiles, atOnce)
		a.Dst = unsafe.Pointer(&j.dst[r.dst+x*blockChannels])
		a.Src = unsafe.Pointer(&j.src[r.src+x*j.Stride*j.in.pixel])
		if r.addend != nil {
			a.Residual = unsafe.Pointer(&r.addend[r.residual+x*blockChannels])
		}
		if r.sum != nil {
			a.Addend = unsafe.Pointer(&r.sum[x*blockChannels])
		}
		a.Width = n * pixels * blockBytes
		direct(j.filter.tier, pixels, blocks, a)
		tiles -= n
		x += n * pixels
	}
}

// arguments are those of a row, save where it begins and ends.
func (j *directJob) arguments(r *directRow) asm.Direct {
	floats, runs := j.run()
	tap := j.Dilation * j.in.pixel // from a kernel column to the next
	row := j.Dilation * j.in.row   // from a kernel row to the next
	return asm.Direct{
		Weights:       unsafe.Pointer(&j.filter.weights[r.weights]),
		Bias:          unsafe.Pointer(&r.bias[0]),
		Pixel:         floatBytes * j.Stride * j.in.pixel,
		DstBlock:      floatBytes * j.out.plane,
		ResidualBlock: floatBytes * r.plane,
		AddendBlock:   floatBytes * r.sumPlane,
		Blocks:        r.depth,
		BlockStep:     floatBytes * (j.in.plane - r.kernelH*row),
		Rows:          r.kernelH,
		RowStep:       floatBytes * (row - runs*tap),
		Columns:       runs,
		ColumnStep:    floatBytes * (tap - floats),
		Run:           floats,
		LastRun:       floats - r.spare,
		WeightStep:    floatBytes * r.skip,
		Low:           r.low,
		High:          r.high,
	}
}
