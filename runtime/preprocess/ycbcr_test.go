package preprocess

import (
	"fmt"
	"image"
	"math"
	"testing"
)

// TestChroma compares each pixel with the definition of libjpeg's triangle
// filter: 9, 3, 3 and 1 sixteenths of the four nearest samples where both axes
// are coarse, 3 and 1 quarters where one is, and the nearest where a picture is
// at most two samples wide or the ratio is another.
func TestChroma(t *testing.T) {
	ratios := []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410}
	parts := []image.Rectangle{image.Rect(0, 0, 32, 16), image.Rect(0, 0, 11, 9), image.Rect(0, 0, 5, 1), image.Rect(0, 0, 4, 7), image.Rect(3, 5, 14, 8), image.Rect(2, 1, 17, 16)}
	for _, ratio := range ratios {
		whole := image.NewYCbCr(image.Rect(0, 0, 32, 16), ratio)
		for i := range whole.Y {
			whole.Y[i] = byte(37 * i)
		}
		for i := range whole.Cb {
			whole.Cb[i], whole.Cr[i] = byte(89*i+i/7), byte(255-71*i)
		}
		for _, part := range parts {
			t.Run(fmt.Sprint(ratio, part), func(t *testing.T) {
				img := whole.SubImage(part).(*image.YCbCr)
				got := FromImage(img)
				for y := part.Min.Y; y < part.Max.Y; y++ {
					for x := part.Min.X; x < part.Max.X; x++ {
						want := [3]byte{}
						want[0], want[1], want[2] = fullRange(img.Y[img.YOffset(x, y)], sample(img, img.Cb, x, y), sample(img, img.Cr, x, y))
						at := got.row(y - part.Min.Y)[3*(x-part.Min.X):][:3]
						if [3]byte(at) != want {
							t.Fatalf("pixel (%d, %d) is %v, want %v", x, y, at, want)
						}
					}
				}
			})
		}
	}
}

// sample is the chroma of a pixel.
func sample(img *image.YCbCr, plane []byte, x, y int) byte {
	left, right := img.Rect.Min.X/2, (img.Rect.Max.X-1)/2
	halfX := img.SubsampleRatio == image.YCbCrSubsampleRatio422 || img.SubsampleRatio == image.YCbCrSubsampleRatio420
	halfY := img.SubsampleRatio == image.YCbCrSubsampleRatio440 || img.SubsampleRatio == image.YCbCrSubsampleRatio420
	if halfX && right-left < 2 {
		halfX, halfY = false, false
	}
	// other is the neighbour of a pixel's sample on the pixel's own side.
	other := func(at, low, high int) int {
		return min(max(at/2-1+at%2*2, low), high)
	}
	value := func(x, y int) int { return int(plane[img.COffset(x, y)]) }
	nx, ny := 2*other(x, left, right), 2*other(y, img.Rect.Min.Y/2, (img.Rect.Max.Y-1)/2)
	switch {
	case halfX && halfY:
		return byte((9*value(x, y) + 3*value(nx, y) + 3*value(x, ny) + value(nx, ny) + 8 - x%2) / 16)
	case halfX:
		return byte((3*value(x, y) + value(nx, y) + 1 + x%2) / 4)
	case halfY:
		return byte((3*value(x, y) + value(x, ny) + 1 + y%2) / 4)
	}
	return byte(value(x, y))
}

// TestFullRange compares with the equations of ITU-R BT.601 and JFIF.
func TestFullRange(t *testing.T) {
	for y := 0; y < 256; y += 5 {
		for cb := 0; cb < 256; cb++ {
			for cr := 0; cr < 256; cr++ {
				r, g, b := fullRange(byte(y), byte(cb), byte(cr))
				blue, red := float64(cb)-128, float64(cr)-128
				for i, want := range [3]float64{float64(y) + 1.402*red, float64(y) - 0.344136*blue - 0.714136*red, float64(y) + 1.772*blue} {
					got := float64([3]byte{r, g, b}[i])
					if math.Abs(got-min(max(want, 0), 255)) > 0.51 {
						t.Fatalf("(%d, %d, %d): channel %d is %v, want %v", y, cb, cr, i, got, want)
					}
				}
			}
		}
	}
}
