//go:build amd64 && !purego

package kernel

import (
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// addQuarters computes sums of an area from a row and a column of the halves on;
// alone says that the second half does not have it.
func (s *strassenStrip) addQuarters(q *quarterSums, row, column int, area strassenArea, alone bool) {
	to := &q.sums[0]
	a := asm.QuarterSums{
		Pixel: floatBytes * q.matrix.pixel, Pixels: area.columns, Lines: area.rows,
		SumSkip: floatBytes * (to.row - area.columns*blockChannels),
	}
	for i := range q.sums {
		a.S[i] = unsafe.Pointer(&q.sums[i].values[q.block*to.plane+row*to.row+column*blockChannels])
		if alone && i >= quarter21 {
			a.A[i] = unsafe.Pointer(&s.zeros[0])
			continue
		}
		v := q.matrix.quarter(q.level, i, q.area.columns)
		a.Skip = floatBytes * (v.row - area.columns*v.pixel)
		a.A[i] = unsafe.Pointer(&v.values[q.block*v.plane+row*v.row+column*v.pixel])
	}
	if s.filter.tier == cpu.AVX512 {
		asm.QuarterSumsAVX512(&a)
	} else {
		asm.QuarterSumsAVX2(&a)
	}
}

// addParts computes the sums of both levels of a block.
func (s *strassenStrip) addParts(input *strassenView, block, rows int) {
	columns := s.Out.W / 2
	sum, part := &s.sums[0][0], &s.sums[1][0]
	a := asm.PartSums{
		A:    unsafe.Pointer(&input.values[block*input.plane]),
		Half: floatBytes * input.span / 2, Quarter: floatBytes * input.span / 4,
		Row: floatBytes * input.row, Column: floatBytes * columns * input.pixel,
		Sums:    unsafe.Pointer(&sum.values[block*sum.plane]),
		SumSize: floatBytes * sum.size(), SumQuarter: floatBytes * sum.span / 2,
		SumLastQuarter: floatBytes * (sum.span/2 + columns*sum.pixel),
		Parts:          unsafe.Pointer(&part.values[block*part.plane]),
		PartSize:       floatBytes * part.size(),
		Pixel:          floatBytes * input.pixel, Pixels: columns, Lines: rows,
		Skip: floatBytes * (2*input.row - columns*input.pixel), SumSkip: floatBytes * (sum.row - columns*sum.pixel),
	}
	if s.filter.tier == cpu.AVX512 {
		asm.PartSumsAVX512(&a)
	} else {
		asm.PartSumsAVX2(&a)
	}
}

// last computes the last quarter of a level's output, of the panel in each part.
func (s *strassenStrip) last(level int, p *strassenProduct) {
	results := &s.results[level]
	r := &results[0]
	skip := func(v *strassenView) int { return floatBytes * (v.row - p.columns*blockChannels) }
	parts := 1 << (s.levels - level - 1)
	for i := range parts * s.panel.width {
		part, b := i/s.panel.width, i%s.panel.width
		at := func(v *strassenView) unsafe.Pointer { return unsafe.Pointer(&v.values[part*v.span/parts+b*v.plane]) }
		result := func(i int) unsafe.Pointer { return unsafe.Pointer(&results[i].values[(part*s.panel.width+b)*r.plane]) }
		a := asm.LastQuarter{
			Dst: at(&p.dst), X: result(resultX), W: result(resultW), V: result(resultV), Bias: at(&p.bias),
			Pixels: p.columns, Lines: p.rows, DstSkip: skip(&p.dst), ResultSkip: skip(r), Low: p.low, High: p.high,
		}
		for k := range a.Addends {
			if v := &p.addends[k]; v.values != nil {
				a.Addends[k], a.AddendSkips[k] = at(v), skip(v)
			}
		}
		if s.filter.tier == cpu.AVX512 {
			asm.LastQuarterAVX512(&a)
		} else {
			asm.LastQuarterAVX2(&a)
		}
	}
}

// makeMatrices makes B12 T1 and B22 T2, for a given B11.
func makeMatrices(tier cpu.Level, b11, t1, t2 []float32) {
	a := asm.Matrices{
		B11: unsafe.Pointer(&b11[0]), T1: unsafe.Pointer(&t1[0]), T2: unsafe.Pointer(&t2[0]), Blocks: len(b11) / blockChannels,
	}
	if tier == cpu.AVX512 {
		asm.MatricesAVX512(&a)
	} else {
		asm.MatricesAVX2(&a)
	}
}
