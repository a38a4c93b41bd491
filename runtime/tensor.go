package runtime

import (
	"fmt"
	"math"
	"math/bits"
)

// Tensor is an array whose shape is known only when a model runs: images for a
// model that takes a range of sizes.
type Tensor struct {
	Shape []int // [N,C,H,W], [C,H,W] for one image, or [N,C] for vectors
	Data  []float32
}

// Sizes is the sizes that one side of an image may have: Low, Low+Step, … up to
// High. Step 0 means 1.
type Sizes struct{ Low, High, Step int }

// Has reports whether n is one of the sizes.
func (s Sizes) Has(n int) bool {
	return n >= s.Low && n <= s.High && (n-s.Low)%max(s.Step, 1) == 0
}

// String says which sizes there are, as "160 to 320 by 32".
func (s Sizes) String() string {
	switch {
	case s.Low == s.High:
		return fmt.Sprint(s.Low)
	case s.Step > 1:
		return fmt.Sprintf("%d to %d by %d", s.Low, s.High, s.Step)
	}
	return fmt.Sprintf("%d to %d", s.Low, s.High)
}

// Images checks that t is [C,H,W], or [N,C,H,W], with that number of channels,
// those sizes, and as many values as its shape says, and returns the number of
// images and their height and width.
func (t Tensor) Images(channels int, heights, widths Sizes, square bool) (n, height, width int, err error) {
	shape := t.Shape
	n = 1
	if len(shape) == 4 {
		n, shape = shape[0], shape[1:]
	}
	if len(shape) != 3 || n < 0 {
		return 0, 0, 0, fmt.Errorf("runtime: input of shape %v; it takes [%d,H,W], or [N,%d,H,W]", t.Shape, channels, channels)
	}
	height, width = shape[1], shape[2]
	switch {
	case shape[0] != channels:
		return 0, 0, 0, fmt.Errorf("runtime: input of shape %v has %d channels; it takes %d", t.Shape, shape[0], channels)
	case !heights.Has(height):
		return 0, 0, 0, fmt.Errorf("runtime: input of shape %v: the height is %d; it may be %v", t.Shape, height, heights)
	case !widths.Has(width):
		return 0, 0, 0, fmt.Errorf("runtime: input of shape %v: the width is %d; it may be %v", t.Shape, width, widths)
	case square && height != width:
		return 0, 0, 0, fmt.Errorf("runtime: input of shape %v is not square", t.Shape)
	}
	if want, ok := product(t.Shape); !ok || want != len(t.Data) {
		return 0, 0, 0, fmt.Errorf("runtime: input of shape %v has %d values", t.Shape, len(t.Data))
	}
	return n, height, width, nil
}

// product is the number of elements of a shape without negative sizes, if it
// fits an int.
func product(shape []int) (n int, ok bool) {
	total := uint64(1)
	for _, d := range shape {
		high, low := bits.Mul64(total, uint64(d))
		if high != 0 || low > math.MaxInt {
			return 0, false
		}
		total = low
	}
	return int(total), true
}

// Resize gives t a shape and as many values, which keep their memory where
// there is room. What they hold is then unspecified.
func (t *Tensor) Resize(shape ...int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	t.Shape = append(t.Shape[:0], shape...)
	if cap(t.Data) < n {
		t.Data = make([]float32, n)
	}
	t.Data = t.Data[:n]
}

// Image returns the values of image i of a batch. A tensor of three dimensions
// is one image.
func (t Tensor) Image(i int) []float32 {
	if len(t.Shape) == 3 {
		return t.Data
	}
	n := len(t.Data) / t.Shape[0]
	return t.Data[i*n:][:n]
}
