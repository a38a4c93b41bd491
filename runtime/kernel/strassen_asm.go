//go:build amd64 && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// addQuarters computes the sums of one block for some pairs of rows.
func (j *strassenJob) addQuarters(block, y, count int) {
	a := asm.QuarterSums{
		Pixel: floatBytes * j.Stride * j.in.pixel, Pixels: j.Out.W,
		Lines: count, Skip: floatBytes * (j.pixelsRow() - j.Out.W*j.Stride*j.in.pixel),
	}
	for i := range 4 {
		a.A[i] = unsafe.Pointer(&j.src[j.pixels(i, block, y)])
		a.S[i] = unsafe.Pointer(&j.sums[i][j.sum.at(block, y, 0)])
	}
	if j.filter.tier == cpu.AVX512 {
		asm.QuarterSumsAVX512(&a)
	} else {
		asm.QuarterSumsAVX2(&a)
	}
}

// last computes a block of the last quarter for some pairs of rows.
func (s *strassenStrip) last(b, y, count int) {
	if s.copied(quarter22, y) {
		return
	}
	block, row := s.outBlock(quarter22)+b, s.row(quarter22, y)
	result := func(i int) unsafe.Pointer { return unsafe.Pointer(&s.result(i, y)[b*s.resultPlane]) }
	skip := func(g *grid) int { return floatBytes * (2*g.row - s.Out.W*blockChannels) }
	a := asm.LastQuarter{
		Lines: count, DstSkip: skip(&s.out), ResidualSkip: skip(&s.added),
		Dst: unsafe.Pointer(&s.dst[s.out.at(block, row, 0)]),
		X:   result(resultX), W: result(resultW), V: result(resultV),
		Bias: unsafe.Pointer(&s.filter.bias[block*blockChannels]), Pixels: s.Out.W,
	}
	a.Low, a.High = s.Activation.clamp()
	if s.residual != nil {
		a.Residual = unsafe.Pointer(&s.residual[s.added.at(block, row, 0)])
	}
	if s.filter.tier == cpu.AVX512 {
		asm.LastQuarterAVX512(&a)
	} else {
		asm.LastQuarterAVX2(&a)
	}
}
