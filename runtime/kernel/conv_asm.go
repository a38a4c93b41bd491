//go:build (amd64 || arm64) && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// compute runs the kernel of the filter's tier.
func (j *directJob) compute(r *directRows) {
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

// computeTiles computes tiles from pixel x of each row on, as many in a call as
// callProducts allows.
func (j *directJob) computeTiles(a *asm.Direct, r *directRows, x, tiles, pixels int) {
	if tiles == 0 {
		return
	}
	products := max(r.depth*r.kernelH*j.KernelW*j.in.pixel*r.panel.width*pixels, 1)
	lines := min(max(callProducts/(products*tiles), 1), r.count)
	atOnce := min(max(callProducts/products, 1), tiles)
	for line := 0; line < r.count; line += lines {
		for tile := 0; tile < tiles; tile += atOnce {
			a.Lines = min(lines, r.count-line)
			a.Width = min(atOnce, tiles-tile) * pixels * blockBytes
			j.call(a, r, line, x+tile*pixels, pixels)
		}
	}
}

// call runs a kernel from pixel x of a row on. It uses up Lines, moves what points
// into the buffers, and leaves the differences of weights in place of both.
func (j *directJob) call(a *asm.Direct, r *directRows, line, x, pixels int) {
	a.Src = unsafe.Pointer(&j.src[r.src+line*r.srcRow+x*j.Stride*j.in.pixel])
	a.Dst = unsafe.Pointer(&j.dst[r.dst.at(line, x)])
	for i := range r.addends {
		if d := &r.addends[i]; d.values != nil {
			a.Addends[i].At = unsafe.Pointer(&d.values[d.rows.at(line, x)])
		}
	}
	runDirect(j.filter.tier, pixels, r.panel, a)
}

// arguments are those of rows, save where a call begins and ends.
func (j *directJob) arguments(r *directRows) asm.Direct {
	floats, runs := j.run()
	tap := j.Dilation * j.in.pixel // from a kernel column to the next
	row := j.Dilation * j.in.row   // from a kernel row to the next
	a := asm.Direct{
		Weights:    unsafe.Pointer(&r.weights[0]),
		Bias:       unsafe.Pointer(&r.bias[0]),
		Pixel:      floatBytes * j.Stride * j.in.pixel,
		SrcLine:    floatBytes * r.srcRow,
		DstBlock:   floatBytes * r.dst.plane,
		DstLine:    floatBytes * r.dst.row,
		Blocks:     r.depth,
		BlockStep:  floatBytes * (j.in.plane - r.kernelH*row),
		Rows:       r.kernelH,
		RowStep:    floatBytes * (row - runs*tap),
		Columns:    runs,
		ColumnStep: floatBytes * (tap - floats),
		Run:        floats,
		LastRun:    floats - r.spare,
		WeightStep: floatBytes * r.skip,
		Low:        r.low,
		High:       r.high,
	}
	if r.minus != nil {
		a.Minus, a.Kept = unsafe.Pointer(&r.minus[0]), unsafe.Pointer(&r.kept[0])
	}
	j.askAhead(&a, r)
	for i := range r.addends {
		if d := &r.addends[i]; d.values != nil {
			a.Addends[i] = asm.Addend{Block: floatBytes * d.rows.plane, Line: floatBytes * d.rows.row}
		}
	}
	return a
}

// askAhead has the kernel ask for the weights of the next panel, or product of
// Strassen's algorithm, while it uses this one's: both must fit in the second cache
// beside the input. Otherwise it asks for those that it uses, which are there.
func (j *directJob) askAhead(a *asm.Direct, r *directRows) {
	a.Ahead = a.Weights
	size := r.depth * j.KernelH * j.KernelW * j.in.pixel * r.panel.width * blockChannels
	if floatBytes*size <= aheadBytes && 2*size <= len(r.weights) {
		a.Ahead = unsafe.Pointer(&r.weights[size])
		a.AheadEnd = uintptr(a.Ahead) + uintptr(floatBytes*size)
	}
}
