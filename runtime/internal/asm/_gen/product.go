package main

import (
	"math"
	"slices"
)

// arithmetic is the instructions that a product is made of, on registers R.
type arithmetic[R any] interface {
	add(x, y, sum R)
	subtract(x, y, difference R) // x - y
	multiply(x, y, product R)
	multiplyAdd(x, y, sum R)      // sum += x·y
	multiplySubtract(x, y, sum R) // sum -= x·y
	move(x, to R)
	clear(x R)
}

// product is a vector, multiplied by a small constant matrix.
type product[R any] struct {
	arithmetic[R]
	coefficients matrix

	in        []R // the vector, which is lost
	free      []R // three at least
	constants map[float64]R
}

// factors are the constants that the product needs in registers.
func (k *product[R]) factors() (factors []float64) {
	for _, row := range k.coefficients {
		for _, c := range row {
			if c = math.Abs(c); c != 0 && c != 1 && !slices.Contains(factors, c) {
				factors = append(factors, c)
			}
		}
	}
	return factors
}

// apply computes the rows of the product and calls store for each. Columns that
// agree but for signs are added and subtracted first; rows that do so are the
// sum and the difference of their even and odd parts.
func (k *product[R]) apply(store func(i int, sum R)) {
	sum, part := k.free[0], k.free[1]
	columns := append(matrix(nil), k.coefficients...)
	for _, p := range columns.pairs() {
		a, b := p[0], p[1]
		k.add(k.in[a], k.in[b], sum)
		k.subtract(k.in[a], k.in[b], k.in[b])
		k.move(sum, k.in[a])
		for i, r := range columns {
			r = append([]float64(nil), r...)
			if r[a] == r[b] {
				r[b] = 0
			} else {
				r[a], r[b] = 0, r[a]
			}
			columns[i] = r
		}
	}
	done := map[int]bool{}
	for i, row := range columns {
		if done[i] {
			continue
		}
		for j := i + 1; j < len(columns); j++ {
			negated, ok := columns.mirror(i, j)
			if done[j] || !ok {
				continue
			}
			even, odd := append([]float64(nil), row...), append([]float64(nil), row...)
			for c := range row {
				if c%2 == 0 {
					odd[c] = 0
				} else {
					even[c] = 0
				}
			}
			k.row(even, sum)
			k.row(odd, part)
			other := k.free[2]
			if negated {
				k.subtract(part, sum, other)
			} else {
				k.subtract(sum, part, other)
			}
			k.add(sum, part, sum)
			store(i, sum)
			store(j, other)
			done[i], done[j] = true, true
			break
		}
		if !done[i] {
			k.row(row, sum)
			store(i, sum)
		}
	}
}

// row computes sum = Σ row[i]·in[i].
func (k *product[R]) row(row []float64, sum R) {
	first := -1
	for i, c := range row { // best begun with a term that needs no multiplication
		if c == 1 || first < 0 && c != 0 {
			first = i
			if c == 1 {
				break
			}
		}
	}
	second := -1
	for i, c := range row {
		if i != first && second < 0 && math.Abs(c) == 1 && row[first] == 1 {
			second = i
		}
	}
	switch c := row[first]; {
	case second >= 0 && row[second] == 1:
		k.add(k.in[first], k.in[second], sum)
	case second >= 0:
		k.subtract(k.in[first], k.in[second], sum)
	case c == 1:
		k.move(k.in[first], sum)
	case c > 0:
		k.multiply(k.in[first], k.constants[c], sum)
	default: // 0 - |c|·x
		k.clear(sum)
		first = -1
	}
	for i, c := range row {
		switch {
		case i == first || i == second || c == 0:
		case c == 1:
			k.add(sum, k.in[i], sum)
		case c == -1:
			k.subtract(sum, k.in[i], sum)
		case c > 0:
			k.multiplyAdd(k.in[i], k.constants[c], sum)
		default:
			k.multiplySubtract(k.in[i], k.constants[-c], sum)
		}
	}
}
