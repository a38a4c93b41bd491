package verify

import (
	"fmt"
	"math"
	"slices"
)

// Report is what a comparison found.
type Report struct {
	Model     string  `json:"model"`
	Images    int     `json:"images"`
	Tolerance float64 `json:"tolerance"`
	Agrees    bool    `json:"agrees"`
	// First is the first layer, in the order in which they run, that differs; nil
	// where none does.
	First  *Layer  `json:"first"`
	Layers []Layer `json:"layers"`
	// Prefix is what the reference's names have before ours.
	Prefix string `json:"prefix,omitempty"`
	// Unmatched are names of the reference that no value has.
	Unmatched []string `json:"unmatched,omitempty"`
}

// Layer is one value on both sides.
type Layer struct {
	Name   string `json:"name"` // the reference's
	Op     string `json:"op"`
	Source string `json:"source"`
	Shape  []int  `json:"shape"` // with the number of images
	// Inside says that the fused network computes this within the kernel of a later
	// layer; it was computed by itself to be compared.
	Inside bool `json:"inside"`
	Agrees bool `json:"agrees"`
	// Problem is what made a comparison of values impossible: another shape.
	Problem string `json:"problem,omitempty"`

	// Largest is the largest absolute value of the reference, Absolute the largest
	// absolute difference, Relative the quotient, and ULP the distance in float32
	// numbers where the difference is largest. Null in JSON where not finite.
	Largest  Number `json:"largest"`
	Absolute Number `json:"absolute"`
	Relative Number `json:"relative"`
	ULP      int64  `json:"ulp"`
	// NotFinite is the number of elements that are NaN on both sides, or the same
	// infinity: they count as equal, but nothing was compared there.
	NotFinite int `json:"not_finite"`
	// At is where the difference is largest, as an index into Shape, with the two
	// values there.
	At        []int  `json:"at,omitempty"`
	Ours      Number `json:"ours"`
	Reference Number `json:"reference"`

	image int // whose difference is the largest
	index int // within the image
}

// Number is a float64 that JSON shows as null where it is not finite.
type Number float64

// MarshalJSON prints the number.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return fmt.Appendf(nil, "%.6g", float64(n)), nil
}

// fits says whether the reference's shape is ours behind the number of images.
func (l *Layer) fits(theirs []int, images int, ours []int) bool {
	l.Shape = append([]int{images}, ours...)
	if !alike(theirs, l.Shape) {
		l.Problem = fmt.Sprintf("the reference has shape %v, the model %v", theirs, l.Shape)
		return false
	}
	return true
}

// alike says whether two shapes are equal but for sizes of one.
func alike(a, b []int) bool {
	squeeze := func(s []int) []int {
		return slices.DeleteFunc(slices.Clone(s), func(d int) bool { return d == 1 })
	}
	return slices.Equal(squeeze(a), squeeze(b))
}

// compare takes one image into account. A difference that is no number counts as
// infinite, unless both sides are not numbers there.
func (l *Layer) compare(ours []float32, theirs []float64, image int) {
	for i, want := range theirs {
		got := float64(ours[i])
		if size := math.Abs(want); size <= math.MaxFloat64 {
			l.Largest = max(l.Largest, Number(size))
		}
		d := math.Abs(got - want)
		switch {
		case got == want || math.IsNaN(got) && math.IsNaN(want):
			if math.IsNaN(got) || math.IsInf(got, 0) {
				l.NotFinite++
			}
			d = 0
		case math.IsNaN(d):
			d = math.Inf(1)
		}
		if Number(d) > l.Absolute || l.At == nil {
			l.Absolute, l.At = Number(d), []int{}
			l.image, l.index = image, i
			l.Ours, l.Reference = Number(got), Number(want)
			l.ULP = ulps(ours[i], float32(want))
		}
	}
}

// judge decides whether the layer agrees.
func (l *Layer) judge(tolerance float64) {
	if l.Problem != "" {
		return
	}
	l.At = append([]int{l.image}, unravel(l.index, l.Shape[1:])...)
	if l.Absolute > 0 {
		l.Relative = l.Absolute / l.Largest
	}
	l.Agrees = float64(l.Relative) <= tolerance
}

// unravel is the index of an element along each axis of a shape.
func unravel(i int, shape []int) []int {
	at := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		at[axis] = i % shape[axis]
		i /= shape[axis]
	}
	return at
}

// ulps is how many float32 numbers lie from one to another.
func ulps(a, b float32) int64 {
	d := ordered(a) - ordered(b)
	return max(d, -d)
}

// ordered numbers the float32 values in their order.
func ordered(f float32) int64 {
	bits := int64(math.Float32bits(f))
	if bits>>31 != 0 {
		return -(bits & math.MaxInt32)
	}
	return bits
}
