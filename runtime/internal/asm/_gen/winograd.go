package main

import (
	"fmt"
	"math"
	"math/big"

	. "github.com/mmcloughlin/avo/reg"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// The matrices of Winograd's minimal filtering, from the construction of Toom
// and Cook: polynomials are multiplied by their values at some points, of which
// one is ∞. See Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks" (2015), and Blahut, "Fast Algorithms for Signal Processing" (2010),
// chapter 5.
//
// F(m, taps) computes m outputs of a convolution in one dimension by
// m+taps-1 points. A tile of m has the first points of asm.WinogradPoints, as
// many as it needs, so that the points of smaller tiles are some of those of
// larger ones, and the same transformed filter serves them all.

// points are the finite points of tiles of m.
func points(m, taps int) []int64 { return asm.WinogradPoints[:m+taps-2] }

// vanishing is the polynomial that is zero at the points, lowest power first.
func vanishing(points []int64) []int64 {
	p := []int64{1}
	for _, at := range points {
		next := make([]int64, len(p)+1)
		for i, c := range p {
			next[i+1] += c
			next[i] -= at * c
		}
		p = next
	}
	return p
}

// denominator is Π (p-q) over the other points q.
func denominator(p int64, points []int64) int64 {
	d := int64(1)
	for _, q := range points {
		if q != p {
			d *= p - q
		}
	}
	return d
}

// without is the points but for one.
func without(p int64, points []int64) []int64 {
	var others []int64
	for _, q := range points {
		if q != p {
			others = append(others, q)
		}
	}
	return others
}

type matrix [][]float64

// inputMatrix makes points of a row of samples: ∞ first, unless the row has
// one tap less than the others, which has no value there.
//
// With stride 1 the filter is divided by the denominators of the whole tile's
// points; a smaller tile has others, and makes up for it here. With stride 2
// the output is divided.
func inputMatrix(stride, base, m int, infinity bool) matrix {
	taps := asm.WinogradTaps(stride)
	finite := points(m, taps)
	var rows matrix
	row := func(p []int64, scale int64) {
		r := make([]float64, len(finite))
		if infinity {
			r = append(r, 0)
		}
		for i, c := range p {
			r[i] = float64(scale * c)
		}
		rows = append(rows, r)
	}
	if infinity {
		row(vanishing(finite), 1)
	}
	for _, p := range finite {
		scale := int64(1)
		if stride == 1 {
			scale = denominator(p, points(base, taps)) / denominator(p, finite)
		}
		row(vanishing(without(p, finite)), scale)
	}
	return rows
}

// outputMatrix makes m outputs of points.
func outputMatrix(stride, m int) matrix {
	finite := points(m, asm.WinogradTaps(stride))
	var rows matrix
	for k := range m {
		r := []float64{0}
		if k == m-1 {
			r[0] = 1
		}
		for _, p := range finite {
			power := new(big.Int).Exp(big.NewInt(p), big.NewInt(int64(k)), nil).Int64()
			c := float64(power)
			if stride == 2 {
				c /= float64(denominator(p, finite))
			}
			r = append(r, c)
		}
		rows = append(rows, r)
	}
	return rows
}

// evaluations is the matrix that evaluates the taps of a filter at the points of tiles
// of m, and the denominators of the points.
func evaluations(stride, m int) (rows matrix, denominators []int64) {
	taps := asm.WinogradTaps(stride)
	finite := points(m, taps)
	infinity := make([]float64, taps)
	infinity[taps-1] = 1
	rows, denominators = matrix{infinity}, []int64{1}
	for _, p := range finite {
		var r []float64
		for power := int64(1); len(r) < taps; power *= p {
			r = append(r, float64(power))
		}
		rows, denominators = append(rows, r), append(denominators, denominator(p, finite))
	}
	return rows, denominators
}

// tapMatrix evaluates the taps of a filter, and with stride 1 divides by the
// denominators.
func tapMatrix(stride, m int) matrix {
	rows, denominators := evaluations(stride, m)
	if stride == 1 {
		for i, row := range rows {
			for j := range row {
				row[j] /= float64(denominators[i])
			}
		}
	}
	return rows
}

// generateWinograd writes the transforms for one set of registers.
func generateWinograd(v vectors, file string) {
	d := newDispatch("Winograd", v, "t Transform, a *Winograd", "t")
	add := func(kind asm.TransformKind, name string, stride, base, m int, coefficients matrix) {
		k := &transform{
			vectors: v, product: product[VecPhysical]{coefficients: coefficients}, pixels: kind == asm.Pixels || kind == asm.RowPixels,
			text: fmt.Sprintf("winograd%s%s_%d_%d", v.name, name, stride, m),
		}
		d.add(k, fmt.Sprint(int(asm.NewTransform(kind, stride, base, m))))
	}
	eachTransform(add)
	if v.name == avx512.name {
		add(asm.RowPixels, "RowPixels", 2, 0, fourM, rowPixelsMatrix())
	}
	d.write(file)
}

// eachTransform calls f for all the transforms.
func eachTransform(f func(kind asm.TransformKind, name string, stride, base, m int, coefficients matrix)) {
	for m := 1; m <= 4; m++ {
		for _, base := range []int{2, 4} {
			if m <= base {
				f(asm.Points, fmt.Sprintf("Points%d", base), 1, base, m, inputMatrix(1, base, m, true))
			}
		}
		f(asm.Points, "Points", 2, 0, m, inputMatrix(2, 0, m, true))
		f(asm.FinitePoints, "FinitePoints", 2, 0, m, inputMatrix(2, 0, m, false))
		for _, stride := range []int{1, 2} {
			f(asm.Sums, "Sums", stride, 0, m, outputMatrix(stride, m))
			f(asm.Pixels, "Pixels", stride, 0, m, outputMatrix(stride, m))
			if m == 2 || m == 4 {
				f(asm.Taps, "Taps", stride, 0, m, tapMatrix(stride, m))
			}
		}
	}
}

// pairs finds columns that agree but for signs, one of which is to be replaced
// by the sum of the inputs and the other by the difference.
func (m matrix) pairs() [][2]int {
	var found [][2]int
	used := map[int]bool{}
	for a := range m[0] {
		for b := a + 1; b < len(m[0]) && !used[a]; b++ {
			if used[b] {
				continue
			}
			alike, entries := true, 0
			for _, r := range m {
				alike = alike && math.Abs(r[a]) == math.Abs(r[b])
				if r[a] != 0 {
					entries++
				}
			}
			if alike && entries > 2 {
				used[a], used[b] = true, true
				found = append(found, [2]int{a, b})
			}
		}
	}
	return found
}

// mirror reports whether row b is row a with its odd entries negated, or its
// even ones.
func (m matrix) mirror(a, b int) (negated, ok bool) {
	sign := func(odd bool) float64 {
		for i := range m[a] {
			if (i%2 == 1) == odd && m[a][i] != 0 {
				return m[b][i] / m[a][i]
			}
		}
		return 0
	}
	even, odd := sign(false), sign(true)
	if math.Abs(even) != 1 || even != -odd {
		return false, false
	}
	for i := range m[a] {
		want := even
		if i%2 == 1 {
			want = odd
		}
		if m[b][i] != want*m[a][i] {
			return false, false
		}
	}
	return even < 0, true
}
