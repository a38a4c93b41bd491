// Package preprocess turns pictures into network inputs as torchvision does
// with Pillow's images: the same sizes, the same crops, and every resized byte
// the same.
//
//	err := preprocess.FromImage(img).
//		Resize(256, preprocess.Bilinear).
//		CenterCrop(224, 224).
//		Normalize(input, mean, std)
//
// A step that cannot be done makes every later one do nothing, and the last
// says why.
package preprocess

import (
	"errors"
	"fmt"
)

const (
	maxSide   = 1 << 18 // pixels
	maxPixels = 1 << 27 // 400 MB of RGB
)

// ErrEmpty is the error for a picture without pixels.
var ErrEmpty = errors.New("preprocess: the picture has no pixels")

// RGB is a picture of 8-bit red, green and blue: Height rows of Width pixels of
// three bytes. Its methods leave it as it is and return new pictures.
type RGB struct {
	Width, Height int
	Pix           []byte
	err           error
}

// newRGB returns a black picture, or one that bears an error where the size is
// none that a picture can have.
func newRGB(width, height int) *RGB {
	if err := checkSize(width, height); err != nil {
		return &RGB{err: err}
	}
	return &RGB{Width: width, Height: height, Pix: make([]byte, 3*width*height)}
}

// checkSize bounds what a picture may take. Sides are checked first, so that
// their product cannot overflow.
func checkSize(width, height int) error {
	if width <= 0 || height <= 0 {
		return ErrEmpty
	}
	if width > maxSide || height > maxSide || int64(width)*int64(height) > maxPixels {
		return fmt.Errorf("preprocess: a picture of %d by %d pixels is too large (the limits are %d a side and %d in all)", width, height, maxSide, maxPixels)
	}
	return nil
}

// Err returns the error of the first step that could not be done, or nil.
func (m *RGB) Err() error { return m.err }

// CheckSize returns Err, or an error where the picture is not height by width
// pixels.
func (m *RGB) CheckSize(height, width int) error {
	if m.err == nil && (m.Height != height || m.Width != width) {
		return fmt.Errorf("preprocess: the picture is %d by %d pixels; the input is %d by %d", m.Width, m.Height, width, height)
	}
	return m.err
}

// row is the bytes of row y.
func (m *RGB) row(y int) []byte {
	return m.Pix[3*m.Width*y:][:3*m.Width]
}

// Normalize writes (v/255 − mean)/std as float32 [3][Height][Width], which dst
// must have room for exactly.
func (m *RGB) Normalize(dst []float32, mean, std [3]float32) error {
	return m.store(dst, func(channel int, v float32) float32 { return (v/255 - mean[channel]) / std[channel] })
}

// NormalizeRaw writes (v − mean)/std, with v and mean in 0…255, as Normalize
// does.
func (m *RGB) NormalizeRaw(dst []float32, mean, std [3]float32) error {
	return m.store(dst, func(channel int, v float32) float32 { return (v - mean[channel]) / std[channel] })
}

// Unit writes v/255 as Normalize does.
func (m *RGB) Unit(dst []float32) error {
	return m.store(dst, func(_ int, v float32) float32 { return v / 255 })
}

// Raw writes the values themselves, 0…255, as Normalize does.
func (m *RGB) Raw(dst []float32) error {
	return m.store(dst, func(_ int, v float32) float32 { return v })
}

// store writes the planes of red, green and blue through a table of value.
func (m *RGB) store(dst []float32, value func(channel int, v float32) float32) error {
	if m.err != nil {
		return m.err
	}
	if len(dst) != len(m.Pix) {
		return fmt.Errorf("preprocess: the picture is %d by %d pixels, %d values; the input takes %d", m.Width, m.Height, len(m.Pix), len(dst))
	}
	plane := m.Width * m.Height
	if plane == 0 {
		return nil
	}
	for channel := range 3 {
		var table [256]float32
		for v := range table {
			table[v] = value(channel, float32(v))
		}
		pix := m.Pix[channel:]
		out := dst[channel*plane:][:plane]
		for i := range out {
			out[i] = table[pix[3*i]]
		}
	}
	return nil
}
