//go:build (amd64 || arm64) && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// multiply makes the products of some tiles of an output row: [point][output block][tile][16].
func (j *rowsJob) multiply(products, points []float32, p *panel, y, tiles int) {
	var a asm.Direct // field by field: see doc.go
	a.Bias = unsafe.Pointer(&noBias[0])
	a.Pixel, a.DstBlock = j.tile*floatBytes, tiles*blockBytes
	a.Blocks, a.Rows, a.Columns = 1, 1, 1
	a.Low, a.High = negativeInfinity, positiveInfinity
	s := &j.filter.spec
	weights := j.filter.weights[p.offset:]
	pieces, wider, pixels := tileWidths(tiles, directPixels(j.filter.tier, p.width, tiles))
	at := 2 * y * s.Block // the first row's values
	for point := range 1 + len(rowsPoints) {
		a.Run = s.rowsRun(point)
		a.LastRun = a.Run
		a.Weights = unsafe.Pointer(&weights[0])
		a.Ahead = a.Weights
		to := products[point*p.width*tiles*blockChannels:]
		slot := 0
		for _, run := range [...]struct{ pieces, pixels int }{{wider, pixels + 1}, {pieces - wider, pixels}} {
			if run.pieces == 0 {
				continue
			}
			a.Src, a.Dst = unsafe.Pointer(&points[slot*j.tile+at]), unsafe.Pointer(&to[slot*blockChannels])
			a.Width, a.Lines = run.pieces*run.pixels*blockBytes, 1
			runDirect(j.filter.tier, run.pixels, p, &a)
			slot += run.pieces * run.pixels
		}
		weights = weights[a.Run*p.width*blockChannels:]
		at = j.infinite + point*j.point + 4*y*s.Block // of the next point
	}
}
