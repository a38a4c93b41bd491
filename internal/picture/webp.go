package picture

import (
	"bytes"
	"errors"
	"image"

	"golang.org/x/image/webp"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// decodeWebP converts lossy pictures as libwebp does. Their luma has head- and
// footroom, which an image.YCbCr cannot say.
func decodeWebP(data []byte) (*preprocess.RGB, error) {
	const extended, flags, animated = "VP8X", 20, 2
	if len(data) > flags && string(data[12:16]) == extended && data[flags]&animated != 0 {
		return nil, errors.New("it is an animation, which is not read")
	}
	img, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	switch img := img.(type) {
	case *image.YCbCr:
		return fromVP8(img), nil
	case *image.NYCbCrA:
		return fromVP8(&img.YCbCr), nil
	}
	m := preprocess.FromImage(img)
	return m, m.Err()
}

// fromVP8 converts a picture of VP8's decoder, whose chroma has half the
// resolution along both axes and whose corner is the origin. Chroma is
// interpolated: 9, 3, 3 and 1 sixteenths of the four nearest samples.
func fromVP8(img *image.YCbCr) *preprocess.RGB {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	m := &preprocess.RGB{Width: w, Height: h, Pix: make([]byte, 3*w*h)}
	columns, rows := (w+1)/2, (h+1)/2
	cb, cr := make([]int32, columns), make([]int32, columns)
	for y := range h {
		near, far := y/2*img.CStride, beside(y, rows)*img.CStride
		for i := range columns {
			cb[i] = 3*int32(img.Cb[near+i]) + int32(img.Cb[far+i])
			cr[i] = 3*int32(img.Cr[near+i]) + int32(img.Cr[far+i])
		}
		luma, dst := img.Y[y*img.YStride:], m.Pix[3*w*y:][:3*w]
		for x := range w {
			i, j := x/2, beside(x, columns)
			dst[3*x], dst[3*x+1], dst[3*x+2] = studioRange(int32(luma[x]), (3*cb[i]+cb[j]+8)>>4, (3*cr[i]+cr[j]+8)>>4)
		}
	}
	return m
}

// beside is the sample next nearest to pixel x, of n that are twice as wide.
func beside(x, n int) int {
	return min(max(x/2-1+x%2*2, 0), n-1)
}

// studioRange is ITU-R BT.601 with luma of 16…235 and chroma of 16…240, in
// libwebp's fixed point: products have 14 bits of fraction, of which 6 are kept.
func studioRange(y, cb, cr int32) (r, g, b byte) {
	luma := y * 19077 >> 8
	return clip(luma + cr*26149>>8 - 14234),
		clip(luma - cb*6419>>8 - cr*13320>>8 + 8708),
		clip(luma + cb*33050>>8 - 17685)
}

// clip drops 6 bits of fraction.
func clip(v int32) byte { return byte(min(max(v>>6, 0), 255)) }
