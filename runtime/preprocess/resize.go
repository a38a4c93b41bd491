package preprocess

import "fmt"

// Filter is how Resize weighs pixels. Where the picture shrinks the filter is
// stretched, so that no pixel is passed over (antialiasing).
type Filter int

// The filters that networks are trained with. The first two compute as Pillow
// does with 8-bit pixels: rows, then columns, each rounded to 8 bits. The others
// compute as PyTorch does with tensors, in floating point, and round once, so
// that what a filter overshoots between the two is kept.
const (
	Bilinear Filter = iota
	Bicubic         // Keys's, with a = -0.5
	BilinearTensor
	BicubicTensor
)

// String is the name of the constant, as in Go.
func (f Filter) String() string {
	switch f {
	case Bilinear:
		return "Bilinear"
	case Bicubic:
		return "Bicubic"
	case BilinearTensor:
		return "BilinearTensor"
	case BicubicTensor:
		return "BicubicTensor"
	}
	return fmt.Sprintf("Filter(%d)", int(f))
}

// cubic says whether the filter is Keys's.
func (f Filter) cubic() bool { return f == Bicubic || f == BicubicTensor }

// support is how far from its centre the filter weighs, in pixels.
func (f Filter) support() float64 {
	if f.cubic() {
		return 2
	}
	return 1
}

// weight is the filter's value at distance x from its centre. Here and in
// filterTaps, converting a product to float64 keeps it from being fused into a
// sum, which some processors would round otherwise than Pillow does.
func (f Filter) weight(x float64) float64 {
	x = max(x, -x)
	switch {
	case !f.cubic() && x < 1:
		return 1 - x
	case f.cubic() && x < 1:
		const a = -0.5
		return float64((float64((a+2)*x)-(a+3))*x*x) + 1
	case f.cubic() && x < 2:
		const a = -0.5
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

// Resize makes the shorter side short pixels long and keeps the aspect, the
// longer side rounded down, as torchvision's Resize(short) does.
func (m *RGB) Resize(short int, f Filter) *RGB {
	if m.err != nil {
		return m
	}
	if short <= 0 || short > maxSide {
		return &RGB{err: fmt.Errorf("preprocess: cannot resize to %d pixels", short)}
	}
	long := func(long, of int) int { return int(int64(short) * int64(long) / int64(of)) }
	if m.Width <= m.Height {
		return m.ResizeTo(short, long(m.Height, m.Width), f)
	}
	return m.ResizeTo(long(m.Width, m.Height), short, f)
}

// ResizeTo makes the picture width by height pixels. With Bilinear and Bicubic
// it gives the bytes that Pillow gives; with the filters for tensors those of
// PyTorch's interpolate(…, antialias=True) on bytes, save that where a value lies
// on the border between two, either may come out.
func (m *RGB) ResizeTo(width, height int, f Filter) *RGB {
	if m.err != nil {
		return m
	}
	for _, size := range [][2]int{{width, height}, {width, m.Height}} { // the result, and what lies between the passes
		if err := checkSize(size[0], size[1]); err != nil {
			return &RGB{err: err}
		}
	}
	if f == BilinearTensor || f == BicubicTensor {
		return m.resizeTensor(width, height, f)
	}
	out := m
	if width != m.Width {
		out = out.resizeRows(width, f)
	}
	if height != m.Height {
		out = out.resizeColumns(height, f)
	}
	return out
}

// precision is the number of fraction bits of a tap's weight: 8 bits of pixel
// and 2 of headroom are left for the sum.
const precision = 32 - 8 - 2

// taps are the source pixels that make one destination pixel.
type taps[W any] struct {
	start   int
	weights []W
}

// filterTaps computes the taps of each of the to pixels that from become. round
// makes weights of values that sum to total.
func filterTaps[W any](from, to int, f Filter, round func(values []float64, total float64) []W) []taps[W] {
	scale := float64(from) / float64(to)
	stretch := max(scale, 1)
	support := f.support() * stretch
	all := make([]taps[W], to)
	weights := make([]float64, 0, 2*int(support)+3)
	for i := range all {
		center := float64((float64(i) + 0.5) * scale)
		start := max(int(center-support+0.5), 0)
		end := min(int(center+support+0.5), from)
		weights = weights[:0]
		total := 0.0
		for x := start; x < end; x++ {
			w := f.weight(float64((float64(x) - center + 0.5) * (1 / stretch)))
			weights = append(weights, w)
			total += w
		}
		all[i] = taps[W]{start, round(weights, total)}
	}
	return all
}

// fixedPoint gives weights in units of 2^-precision, rounded away from zero at a
// half.
func fixedPoint(weights []float64, total float64) []int32 {
	fixed := make([]int32, len(weights))
	for i, w := range weights {
		if total != 0 {
			w /= total
		}
		w = float64(w * (1 << precision))
		if w < 0 {
			fixed[i] = int32(w - 0.5)
		} else {
			fixed[i] = int32(w + 0.5)
		}
	}
	return fixed
}

// half is one half in units of 2^-precision.
const half = 1 << (precision - 1)

// clip rounds a sum that starts at half to 8 bits.
func clip(sum int32) byte {
	return byte(min(max(sum>>precision, 0), 255))
}

// resizeRows changes the width.
func (m *RGB) resizeRows(width int, f Filter) *RGB {
	out := newRGB(width, m.Height)
	all := filterTaps(m.Width, width, f, fixedPoint)
	for y := range m.Height {
		src, dst := m.row(y), out.row(y)
		for i, t := range all {
			r, g, b := int32(half), int32(half), int32(half)
			pixels := src[3*t.start:][:3*len(t.weights)]
			for _, w := range t.weights {
				r += w * int32(pixels[0])
				g += w * int32(pixels[1])
				b += w * int32(pixels[2])
				pixels = pixels[3:]
			}
			dst[3*i], dst[3*i+1], dst[3*i+2] = clip(r), clip(g), clip(b)
		}
	}
	return out
}

// resizeColumns changes the height.
func (m *RGB) resizeColumns(height int, f Filter) *RGB {
	out := newRGB(m.Width, height)
	sums := make([]int32, 3*m.Width)
	for y, t := range filterTaps(m.Height, height, f, fixedPoint) {
		for i := range sums {
			sums[i] = half
		}
		for j, w := range t.weights {
			for i, v := range m.row(t.start + j) {
				sums[i] += w * int32(v)
			}
		}
		dst := out.row(y)
		for i, sum := range sums {
			dst[i] = clip(sum)
		}
	}
	return out
}
