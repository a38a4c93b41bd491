//go:build !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// The kernels of arm64, which has one tier beside Portable.

// runDirect runs a kernel row by row.
func runDirect(_ cpu.Level, pixels int, p *panel, a *asm.Direct) {
	for {
		asm.DirectNEON(pixels, p.width, a)
		if a.Lines--; a.Lines == 0 {
			return
		}
		a.Src, a.Dst = unsafe.Add(a.Src, a.SrcLine), unsafe.Add(a.Dst, a.DstLine)
		if d := &a.Addends[0]; d.At != nil {
			d.At = unsafe.Add(d.At, d.Line)
		}
	}
}

func runDepthwise(_ cpu.Level, pixels int, a *asm.Depthwise) { asm.DepthwiseNEON(pixels, a) }

func runTransform(_ cpu.Level, name asm.Transform, a *asm.Winograd) { asm.WinogradNEON(name, a) }

func filterTaps(cpu.Level, int, int, *asm.FilterTaps) bool { return false }

func transformsTaps(cpu.Level, int, int) bool { return false }

func productTaps(int, int, int, *asm.ProductTaps) {
	panic("kernel: no such products on this tier")
}

func fourTiles(int, int, *asm.FourTiles) { panic("kernel: no such products on this tier") }

func rowPoints(int, *asm.RowPoints) { panic("kernel: no such points on this tier") }

func arrangeFour(int, *asm.ArrangeFour) { panic("kernel: no such products on this tier") }

func product(_ cpu.Level, tiles int, a *asm.Product) { asm.ProductNEON(tiles, a) }

func pooling(_ cpu.Level, largest bool, a *asm.Pooling) {
	if largest {
		asm.MaxPoolNEON(a)
	} else {
		asm.SumPoolNEON(a)
	}
}

func maxPool3(cpu.Level, *asm.MaxPool3) bool { return false }

func multiplyAndAdd(_ cpu.Level, a *asm.MulAdd) { asm.MulAddNEON(a) }

func denseSums(_ cpu.Level, sums *lanes, src, weights *float32, n int) {
	asm.DenseNEON(&sums[0], src, weights, n)
}

func smooth(_ cpu.Level, a Activation, x *float32, blocks int) {
	switch a {
	case SiLU:
		asm.SiLUNEON(x, blocks)
	case HardSwish:
		asm.HardSwishNEON(x, blocks)
	case Sigmoid:
		asm.SigmoidNEON(x, blocks)
	}
}

// multiplyAdd does n loops of the tier's multiply-add, and returns the number of
// operations.
func multiplyAdd(n int) (operations int) {
	if cpu.Kernels() == cpu.Portable {
		return multiplyAddPortable(n, 0.5, 1)
	}
	asm.PeakNEON(n)
	return n * 24 * 4 * 2
}
