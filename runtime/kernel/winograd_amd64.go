//go:build !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// transformIn writes the points of tiles that lie side by side from image on, to
// the place at in the job's points.
func (j *winogradJob) transformIn(image []float32, row, at, point, tiles int) {
	var scratch [6 * 6 * blockChannels]float32
	a := asm.Winograd{
		Image: unsafe.Pointer(&image[0]), Row: row * floatBytes, Tile: j.m * blockBytes,
		Points: unsafe.Pointer(&j.points[at]), Point: point * floatBytes,
		Tiles: tiles, Scratch: unsafe.Pointer(&scratch),
	}
	switch {
	case j.m == 4 && j.filter.tier == cpu.AVX512:
		asm.WinogradInput4AVX512(&a)
	case j.m == 4:
		asm.WinogradInput4AVX2(&a)
	case j.filter.tier == cpu.AVX512:
		asm.WinogradInput2AVX512(&a)
	default:
		asm.WinogradInput2AVX2(&a)
	}
}

// transformOut writes the pixels of tiles from the place at in the job's
// products on. residual is nil for none.
func (j *winogradJob) transformOut(image []float32, row int, residual []float32, residualRow, at, point, tiles int, bias *lanes, low, high float32) {
	var scratch [6 * 6 * blockChannels]float32
	a := asm.Winograd{
		Image: unsafe.Pointer(&image[0]), Row: row * floatBytes, Tile: j.m * blockBytes,
		Points: unsafe.Pointer(&j.products[at]), Point: point * floatBytes,
		Tiles: tiles, Scratch: unsafe.Pointer(&scratch),
		Bias: unsafe.Pointer(bias), ResidualRow: residualRow * floatBytes, Low: low, High: high,
	}
	if residual != nil {
		a.Residual = unsafe.Pointer(&residual[0])
	}
	switch {
	case j.m == 4 && j.filter.tier == cpu.AVX512:
		asm.WinogradOutput4AVX512(&a)
	case j.m == 4:
		asm.WinogradOutput4AVX2(&a)
	case j.filter.tier == cpu.AVX512:
		asm.WinogradOutput2AVX512(&a)
	default:
		asm.WinogradOutput2AVX2(&a)
	}
}
