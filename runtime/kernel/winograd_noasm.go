//go:build !(amd64 || arm64) || purego

package kernel

import (
	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// The portable tier computes convolutions directly: Pack chooses no other
// algorithm for it.

func (t *transform) run(cpu.Level, asm.Transform) {
	panic("kernel: no transforms on this tier")
}

func filterTaps(cpu.Level, int, int, *asm.FilterTaps) bool { return false }

func transformsTaps(cpu.Level, int, int) bool { return false }

func productTaps(int, int, int, *asm.ProductTaps) {
	panic("kernel: no such products on this tier")
}

func fourTiles(int, int, *asm.FourTiles) { panic("kernel: no such products on this tier") }

func rowPoints(int, *asm.RowPoints) { panic("kernel: no such points on this tier") }

func arrangeFour(int, *asm.ArrangeFour) { panic("kernel: no such products on this tier") }

func product(cpu.Level, int, *asm.Product) { panic("kernel: no products on this tier") }

func productTiles(cpu.Level) int { return 1 }

func (j *rowsJob) multiply(_, _ []float32, _ *panel, _, _ int) {
	panic("kernel: no such products on this tier")
}
