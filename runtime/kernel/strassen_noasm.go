//go:build !amd64 || purego

package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// Strassen's algorithm suits no other tier: see suits.

func (s *strassenStrip) addQuarters(*quarterSums, int, int, strassenArea, bool) {
	panic("kernel: no Strassen on this tier")
}

func (s *strassenStrip) addParts(*strassenView, int, int) {
	panic("kernel: no Strassen on this tier")
}

func (s *strassenStrip) last(int, *strassenProduct) { panic("kernel: no Strassen on this tier") }

func makeMatrices(cpu.Level, []float32, []float32, []float32) {
	panic("kernel: no Strassen on this tier")
}
