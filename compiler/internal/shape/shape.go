// Package shape computes tensor shapes, exactly, for every size of input that a
// model declares.
//
// A size is either a constant or a function of the input's height or width. It
// is held as a table with its value for each size in the declared range, so
// that equality is decided and not approximated, and as the expression that
// emitted code computes it by.
package shape

import (
	"fmt"
	"slices"
)

// Limits that keep every product of sizes inside an int64 and a table inside
// memory.
const (
	MaxSize  = 1 << 20 // of one dimension
	MaxSizes = 4096    // in one range
)

// Range is the sizes that the input's height or width may take.
type Range struct {
	Name            string // "height", "width" or, for a square input, "side"
	Low, High, Step int
}

// Len is the number of sizes in the range.
func (r *Range) Len() int { return (r.High-r.Low)/r.Step + 1 }

// At is the i-th size of the range.
func (r *Range) At(i int) int { return r.Low + i*r.Step }

// Dim is one size of a tensor. The zero Dim is no size.
type Dim struct {
	over   *Range // nil for a constant
	values []int  // one for each size of the range; one alone for a constant
	expr   *Expr
}

// Const is a size that does not depend on the input.
func Const(n int) Dim { return Dim{values: []int{n}} }

// Var is the size of the input itself.
func Var(r *Range) Dim {
	values := make([]int, r.Len())
	for i := range values {
		values[i] = r.At(i)
	}
	return Dim{over: r, values: values, expr: &Expr{}}
}

// IsConst says whether the size is the same for every input.
func (d Dim) IsConst() bool { return d.over == nil }

// Int is the value of a constant size, and the largest value of any other.
func (d Dim) Int() int { return d.Max() }

// Max is the largest value that the size takes.
func (d Dim) Max() int {
	if len(d.values) == 0 {
		return 0
	}
	return slices.Max(d.values)
}

// Min is the smallest value that the size takes.
func (d Dim) Min() int {
	if len(d.values) == 0 {
		return 0
	}
	return slices.Min(d.values)
}

// Range is the range that the size depends on, or nil.
func (d Dim) Range() *Range { return d.over }

// Expr is how the size follows from the input's, or nil for a constant.
func (d Dim) Expr() *Expr { return d.expr }

// At is the value for the input size n, which must be in the range.
func (d Dim) At(n int) int {
	if d.over == nil {
		return d.values[0]
	}
	return d.values[(n-d.over.Low)/d.over.Step]
}

// String is the value, or the smallest and largest as "low..high".
func (d Dim) String() string {
	if lo, hi := d.Min(), d.Max(); lo != hi {
		return fmt.Sprintf("%d..%d", lo, hi)
	}
	return fmt.Sprint(d.Max())
}

// Equal says whether two sizes agree for every input. If not, failing is the
// first input size for which they differ, or 0 where no range is involved.
func Equal(a, b Dim) (equal bool, failing int) {
	switch {
	case a.over == nil && b.over == nil:
		return a.values[0] == b.values[0], 0
	case a.over == nil:
		return Equal(b, a)
	case b.over == nil:
		for i, v := range a.values {
			if v != b.values[0] {
				return false, a.over.At(i)
			}
		}
		return true, 0
	case a.over != b.over:
		// Height against width: they vary independently, so that only two
		// constants could agree.
		if a.Min() == a.Max() && b.Min() == b.Max() && a.Min() == b.Min() {
			return true, 0
		}
		return false, a.over.Low
	}
	for i, v := range a.values {
		if v != b.values[i] {
			return false, a.over.At(i)
		}
	}
	return true, 0
}

// Shape is a tensor of one image: channels, height and width. A vector has one
// pixel and is flat.
type Shape struct {
	C    int
	H, W Dim
	Flat bool
}

// New is a shape of constant sizes.
func New(c, h, w int) Shape { return Shape{C: c, H: Const(h), W: Const(w)} }

// Vector is the shape of n numbers.
func Vector(n int) Shape { return Shape{C: n, H: Const(1), W: Const(1), Flat: true} }

// Elements is the number of values at the largest size.
func (s Shape) Elements() int64 { return int64(s.C) * int64(s.H.Max()) * int64(s.W.Max()) }

// IsConst says whether the shape is the same for every input.
func (s Shape) IsConst() bool { return s.H.IsConst() && s.W.IsConst() }

// Dims are the sizes of one image at the largest input: [C,H,W], or [C] when
// flat.
func (s Shape) Dims() []int {
	if s.Flat {
		return []int{s.C}
	}
	return []int{s.C, s.H.Max(), s.W.Max()}
}

// String is the shape as diagnostics write it: f32[256,56,56].
func (s Shape) String() string {
	if s.Flat {
		return fmt.Sprintf("f32[%d]", s.C)
	}
	return fmt.Sprintf("f32[%d,%s,%s]", s.C, s.H, s.W)
}

// SameSize compares the heights and widths of two shapes. If they differ,
// failing says which size of the input shows it: "height 225", or nothing when
// no range is involved.
func SameSize(a, b Shape) (equal bool, failing string) {
	for _, pair := range [][2]Dim{{a.H, b.H}, {a.W, b.W}} {
		if ok, n := Equal(pair[0], pair[1]); !ok {
			return false, describe(pair, n)
		}
	}
	return true, ""
}

// describe names an input size: "height 225".
func describe(pair [2]Dim, n int) string {
	for _, d := range pair {
		if d.over != nil {
			return fmt.Sprintf("%s %d", d.over.Name, n)
		}
	}
	return ""
}

// EverSame says whether two shapes have the same height and width for some
// input.
func EverSame(a, b Shape) bool { return everEqual(a.H, b.H) && everEqual(a.W, b.W) }

// everEqual says whether two sizes agree for some input.
func everEqual(a, b Dim) bool {
	if a.over == nil && b.over != nil {
		a, b = b, a
	}
	for i, v := range a.values {
		switch {
		case b.over == nil && v == b.values[0],
			b.over == a.over && v == b.values[i],
			b.over != a.over && slices.Contains(b.values, v):
			return true
		}
	}
	return false
}
