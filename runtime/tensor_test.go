package runtime

import (
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/allocs"
)

func TestImages(t *testing.T) {
	heights, widths := Sizes{Low: 4, High: 8, Step: 2}, Sizes{Low: 3, High: 6}
	for _, test := range []struct {
		shape  []int
		n      int // values; -1 for as many as the shape has
		square bool
		want   [3]int // batch, height, width
		err    string
	}{
		{shape: []int{2, 4, 3}, n: -1, want: [3]int{1, 4, 3}},
		{shape: []int{5, 2, 8, 6}, n: -1, want: [3]int{5, 8, 6}},
		{shape: []int{0, 2, 8, 6}, n: 0, want: [3]int{0, 8, 6}},
		{shape: []int{2, 4, 4}, n: -1, square: true, want: [3]int{1, 4, 4}},
		{shape: []int{2, 4, 3}, n: -1, square: true, err: "not square"},
		{shape: []int{2, 4}, n: 8, err: "it takes [2,H,W], or [N,2,H,W]"},
		{shape: nil, n: 0, err: "it takes [2,H,W]"},
		{shape: []int{-1, 2, 4, 4}, n: 0, err: "it takes [2,H,W]"},
		{shape: []int{3, 4, 4}, n: -1, err: "has 3 channels; it takes 2"},
		{shape: []int{2, 5, 3}, n: -1, err: "the height is 5; it may be 4 to 8 by 2"},
		{shape: []int{2, 10, 3}, n: -1, err: "the height is 10"},
		{shape: []int{2, 4, 2}, n: -1, err: "the width is 2; it may be 3 to 6"},
		{shape: []int{2, 4, 3}, n: 23, err: "has 23 values"},
		{shape: []int{math.MaxInt, 2, 4, 4}, n: 0, err: "has 0 values"},
		{shape: []int{1 << (bits.UintSize - 5), 2, 4, 4}, n: 0, err: "has 0 values"}, // as many as there are ints
	} {
		n := test.n
		if n < 0 {
			n, _ = product(test.shape)
		}
		batch, height, width, err := Tensor{test.shape, make([]float32, n)}.Images(2, heights, widths, test.square)
		switch {
		case test.err == "" && (err != nil || [3]int{batch, height, width} != test.want):
			t.Errorf("%v: %d %d %d, %v; want %v", test.shape, batch, height, width, err, test.want)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%v: error %v; want %q", test.shape, err, test.err)
		}
	}
}

func TestSizes(t *testing.T) {
	for want, s := range map[string]Sizes{"7": {7, 7, 0}, "1 to 4": {1, 4, 1}, "32 to 64 by 32": {32, 64, 32}} {
		if s.String() != want {
			t.Errorf("%#v prints as %s, want %s", s, s, want)
		}
	}
}

func TestResize(t *testing.T) {
	var x Tensor
	x.Resize(2, 3)
	if !slices.Equal(x.Shape, []int{2, 3}) || len(x.Data) != 6 {
		t.Fatalf("tensor %v", x)
	}
	first := &x.Data[0]
	if n := allocs.Least(10, func() { x.Resize(3, 1); x.Resize(2, 3) }); n > 0 {
		t.Errorf("%d allocations in ten times resizing within the memory there is", n)
	}
	if &x.Data[0] != first {
		t.Error("the memory moved")
	}
	if x.Resize(4, 2, 1, 1); len(x.Data) != 8 {
		t.Errorf("%d values", len(x.Data))
	}
	for i := range x.Data {
		x.Data[i] = float32(i)
	}
	if got := x.Image(3); !slices.Equal(got, []float32{6, 7}) {
		t.Errorf("image 3 is %v", got)
	}
	if x.Resize(2, 2, 2); !slices.Equal(x.Image(0), x.Data) {
		t.Error("three dimensions are not one image")
	}
}
