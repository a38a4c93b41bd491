package picture

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"slices"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// decodeGIF decodes the first frame. Where it does not cover the screen, the rest
// has the transparent colour, or the first, as Pillow does it.
func decodeGIF(data []byte) (*preprocess.RGB, error) {
	screen, err := gif.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	data, background := opaque(data)
	img, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	frame, ok := img.(*image.Paletted)
	if !ok {
		return nil, errors.New("the first frame has no palette")
	}
	whole := image.Rect(0, 0, screen.Width, screen.Height)
	if frame.Rect == whole {
		m := preprocess.FromImage(frame)
		return m, m.Err()
	}
	canvas := image.NewPaletted(whole, frame.Palette)
	for i := range canvas.Pix {
		canvas.Pix[i] = background
	}
	for y := frame.Rect.Min.Y; y < frame.Rect.Max.Y; y++ {
		copy(canvas.Pix[canvas.PixOffset(frame.Rect.Min.X, y):], frame.Pix[frame.PixOffset(frame.Rect.Min.X, y):][:frame.Rect.Dx()])
	}
	m := preprocess.FromImage(canvas)
	return m, m.Err()
}

// opaque returns a copy of a file whose first frame has no transparent colour, as
// the decoder forgets which colour it was, and the index of that colour, or 0.
func opaque(data []byte) (out []byte, transparent byte) {
	const header, extension, control = 13, 0x21, 0xf9
	if len(data) < header {
		return data, 0
	}
	at := header
	if flags := data[10]; flags&0x80 != 0 {
		at += 3 << (flags&7 + 1) // the global palette
	}
	for at+8 <= len(data) && data[at] == extension {
		if block := data[at:]; block[1] == control && block[2] == 4 && block[3]&1 != 0 {
			out = slices.Clone(data)
			out[at+3] &^= 1
			return out, block[6]
		}
		at += 2
		for at < len(data) && data[at] != 0 { // blocks until an empty one
			at += 1 + int(data[at])
		}
		at++
	}
	return data, 0
}
