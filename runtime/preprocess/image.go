package preprocess

import (
	"image"
	"image/color"
)

// FromImage converts a picture to RGB as Pillow's convert("RGB") does: alpha is
// dropped, colours that were multiplied by it are divided again, grey becomes
// three equal values, and of 16 bits the upper 8 stay. YCbCr is taken for a
// JPEG's, and its chroma is interpolated as libjpeg does.
func FromImage(img image.Image) *RGB {
	b := img.Bounds()
	out := newRGB(b.Dx(), b.Dy())
	if out.err != nil {
		return out
	}
	convert := rowConverter(img)
	for y := range out.Height {
		convert(out.row(y), b.Min.X, b.Min.Y+y)
	}
	return out
}

// rowConverter returns a function that fills dst with the pixels of row y from
// x on.
func rowConverter(img image.Image) func(dst []byte, x, y int) {
	switch img := img.(type) {
	case *image.NRGBA:
		return func(dst []byte, x, y int) { pick(dst, img.Pix[img.PixOffset(x, y):], 4, 0, 1, 2) }
	case *image.NRGBA64: // big-endian
		return func(dst []byte, x, y int) { pick(dst, img.Pix[img.PixOffset(x, y):], 8, 0, 2, 4) }
	case *image.Gray:
		return func(dst []byte, x, y int) { pick(dst, img.Pix[img.PixOffset(x, y):], 1, 0, 0, 0) }
	case *image.Gray16:
		return func(dst []byte, x, y int) { pick(dst, img.Pix[img.PixOffset(x, y):], 2, 0, 0, 0) }
	case *image.RGBA:
		return func(dst []byte, x, y int) { divideAlpha(dst, img.Pix[img.PixOffset(x, y):]) }
	case *image.CMYK:
		return func(dst []byte, x, y int) { fromCMYK(dst, img.Pix[img.PixOffset(x, y):]) }
	case *image.YCbCr:
		return fromYCbCr(img)
	case *image.NYCbCrA:
		return fromYCbCr(&img.YCbCr)
	case *image.Paletted:
		return fromPaletted(img)
	}
	return func(dst []byte, x, y int) {
		for i := 0; i < len(dst); i += 3 {
			dst[i], dst[i+1], dst[i+2] = rgbOf(img.At(x+i/3, y))
		}
	}
}

// pick copies three bytes of each size-byte pixel.
func pick(dst, src []byte, size, r, g, b int) {
	for i := 0; i < len(dst); i += 3 {
		pixel := src[i/3*size:][:size]
		dst[i], dst[i+1], dst[i+2] = pixel[r], pixel[g], pixel[b]
	}
}

// divideAlpha converts a row of an image.RGBA.
func divideAlpha(dst, src []byte) {
	for i := 0; i < len(dst); i += 3 {
		p := src[i/3*4:][:4]
		if p[3] == 0xff {
			dst[i], dst[i+1], dst[i+2] = p[0], p[1], p[2]
		} else {
			dst[i], dst[i+1], dst[i+2] = rgbOf(color.RGBA{p[0], p[1], p[2], p[3]})
		}
	}
}

// fromCMYK converts a row as Pillow does: (255 − ink)(255 − black)/255, rounded
// once.
func fromCMYK(dst, src []byte) {
	for i := 0; i < len(dst); i += 3 {
		p := src[i/3*4:][:4]
		for channel, ink := range p[:3] {
			dst[i+channel] = 255 - p[3] - mul255(ink, 255-p[3])
		}
	}
}

// mul255 is a·b/255, rounded.
func mul255(a, b byte) byte {
	v := uint32(a)*uint32(b) + 128
	return byte((v + v>>8) >> 8)
}

// fromPaletted converts the palette once. An index beyond it is black.
func fromPaletted(img *image.Paletted) func(dst []byte, x, y int) {
	var table [256][3]byte
	for i, c := range img.Palette[:min(len(img.Palette), len(table))] {
		table[i][0], table[i][1], table[i][2] = rgbOf(c)
	}
	return func(dst []byte, x, y int) {
		src := img.Pix[img.PixOffset(x, y):]
		for i := 0; i < len(dst); i += 3 {
			copy(dst[i:i+3], table[src[i/3]][:])
		}
	}
}

// rgbOf is a colour without its alpha.
func rgbOf(c color.Color) (r, g, b byte) {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return n.R, n.G, n.B
}
