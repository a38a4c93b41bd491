//go:build !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// The kernels of arm64, which has one tier beside Portable.

func direct(_ cpu.Level, pixels, blocks int, a *asm.Direct) { asm.DirectNEON(pixels, blocks, a) }

func depthwise(_ cpu.Level, pixels int, a *asm.Depthwise) { asm.DepthwiseNEON(pixels, a) }

// The kernel takes one line.
func winograd(_ cpu.Level, name asm.Transform, a *asm.Winograd) {
	for range a.Lines {
		asm.WinogradNEON(name, a)
		a.Dst, a.Src = unsafe.Add(a.Dst, a.DstLine), unsafe.Add(a.Src, a.SrcLine)
		if a.Residual != nil {
			a.Residual = unsafe.Add(a.Residual, a.ResidualLine)
		}
	}
}

// product is direct convolution of 1×1, one output block after another.
func product(_ cpu.Level, tiles int, a *asm.Product) {
	d := asm.Direct{
		Dst: a.Dst, Src: a.Src, Weights: a.Weights, Bias: unsafe.Pointer(&noBias),
		Width: tiles * blockBytes, Pixel: blockBytes,
		Blocks: a.Ins, BlockStep: a.SrcBlock + blockBytes, Rows: 1, Columns: 1, ColumnStep: -blockBytes, Run: blockChannels,
		Low: negativeInfinity, High: positiveInfinity,
	}
	for range a.Outs {
		if a.Accumulate != 0 {
			d.Residual = d.Dst
		}
		asm.DirectNEON(tiles, 1, &d)
		d.Dst = unsafe.Add(d.Dst, a.DstBlock)
		d.Weights = unsafe.Add(d.Weights, a.Ins*blockChannels*blockBytes)
	}
}

func pooling(_ cpu.Level, largest bool, a *asm.Pooling) {
	if largest {
		asm.MaxPoolNEON(a)
	} else {
		asm.SumPoolNEON(a)
	}
}

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
	if cpu.Tier() == cpu.Portable {
		return multiplyAddPortable(n, 0.5, 1)
	}
	asm.PeakNEON(n)
	return n * 24 * 4 * 2
}
