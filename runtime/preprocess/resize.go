package preprocess

import "fmt"

// Filter is how Resize weighs pixels. Where the picture shrinks the filter is
// stretched, so that no pixel is passed over (antialiasing).
type Filter int

// The filters that networks are trained with.
const (
	Bilinear Filter = iota
	Bicubic         // Keys's, with a = -0.5
)

// support is how far from its centre the filter weighs, in pixels.
func (f Filter) support() float64 {
	if f == Bicubic {
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
	case f == Bilinear && x < 1:
		return 1 - x
	case f == Bicubic && x < 1:
		const a = -0.5
		return float64((float64((a+2)*x)-(a+3))*x*x) + 1
	case f == Bicubic && x < 2:
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

// ResizeTo makes the picture width by height pixels. It computes as Pillow's
// Resample.c does with 8-bit pixels (rows first, then columns, each rounded to
// 8 bits) and gives the same bytes.
func (m *RGB) ResizeTo(width, height int, f Filter) *RGB {
	if m.err != nil {
		return m
	}
	for _, size := range [][2]int{{width, height}, {width, m.Height}} { // the result, and what lies between the passes
		if err := checkSize(size[0], size[1]); err != nil {
			return &RGB{err: err}
		}
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
type taps struct {
	start   int
	weights []int32 // in units of 2^-precision
}

// filterTaps computes the taps of each of the to pixels that from become.
func filterTaps(from, to int, f Filter) []taps {
	scale := float64(from) / float64(to)
	stretch := max(scale, 1)
	support := f.support() * stretch
	all := make([]taps, to)
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
		all[i] = taps{start, fixedPoint(weights, total)}
	}
	return all
}

// fixedPoint rounds weights that sum to total, away from zero at a half.
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
	all := filterTaps(m.Width, width, f)
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
	for y, t := range filterTaps(m.Height, height, f) {
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
