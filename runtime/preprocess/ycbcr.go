package preprocess

import "image"

// fromYCbCr converts rows of what JPEG decoders make as libjpeg does by default,
// and so Pillow, OpenCV and browsers: chroma that has half the resolution is
// interpolated by a triangle filter, three quarters of the nearer sample and one
// quarter of the next along each axis.
func fromYCbCr(img *image.YCbCr) func(dst []byte, x, y int) {
	cb, cr := newChroma(img, img.Cb), newChroma(img, img.Cr)
	return func(dst []byte, x, y int) {
		n := len(dst) / 3
		luma := img.Y[img.YOffset(x, y):][:n]
		blue, red := cb.row(x, y)[:n], cr.row(x, y)[:n]
		for i, v := range luma {
			pixel := dst[:3]
			pixel[0], pixel[1], pixel[2] = fullRange(v, blue[i], red[i])
			dst = dst[3:]
		}
	}
}

// fullRange is ITU-R BT.601 without head- or footroom, in 16-bit fixed point
// with libjpeg's constants and rounding.
func fullRange(y, cb, cr byte) (r, g, b byte) {
	const half = 1 << 15
	luma, blue, red := int32(y), int32(cb)-128, int32(cr)-128
	return clamp(luma + (91881*red+half)>>16),
		clamp(luma + (-22554*blue-46802*red+half)>>16),
		clamp(luma + (116130*blue+half)>>16)
}

func clamp(v int32) byte {
	if uint32(v) > 255 {
		return byte(^(v >> 31)) // 0 below, 255 above
	}
	return byte(v)
}

// chroma is a plane of samples that may be coarser than the picture.
type chroma struct {
	img                      *image.YCbCr
	plane                    []byte
	left, top, right, bottom int // of the samples that the picture's pixels lie in
	halfX, halfY             bool
	out                      []byte
}

func newChroma(img *image.YCbCr, plane []byte) *chroma {
	b := img.Rect
	c := &chroma{img: img, plane: plane, out: make([]byte, b.Dx()+4)}
	// Where a corner is negative, samples do not lie as in a file.
	if b.Min.X < 0 || b.Min.Y < 0 {
		return c
	}
	c.left, c.right = b.Min.X/2, (b.Max.X-1)/2
	c.top, c.bottom = b.Min.Y/2, (b.Max.Y-1)/2
	switch img.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		c.halfX = c.right-c.left >= 2 // narrower ones libjpeg repeats
	case image.YCbCrSubsampleRatio420:
		c.halfX = c.right-c.left >= 2
		c.halfY = c.halfX
	case image.YCbCrSubsampleRatio440:
		c.halfY = true
	}
	return c
}

// row is the samples at the pixels of row y from x on, which is the picture's
// left side, valid until the next call.
func (c *chroma) row(x, y int) []byte {
	switch {
	case c.halfX && c.halfY:
		return c.both(x, y)
	case c.halfX:
		return c.across(x, y)
	case c.halfY:
		return c.down(x, y)
	}
	for i := range c.img.Rect.Dx() {
		c.out[i] = c.plane[c.img.COffset(x+i, y)]
	}
	return c.out
}

// rows are the samples nearest to row y and the next nearest, which at the
// picture's edge are the same.
func (c *chroma) rows(x, y int) (near, far []byte) {
	next := y/2 - 1
	if y%2 == 1 {
		next = y/2 + 1
	}
	next = min(max(next, c.top), c.bottom)
	near = c.plane[c.img.COffset(x, y):]
	return near, c.plane[c.img.COffset(x, y)+(next-y/2)*c.img.CStride:]
}

// across interpolates along the row. A half is rounded down at even pixels and
// up at odd ones, so that there is no drift.
func (c *chroma) across(x, y int) []byte {
	src := c.plane[c.img.COffset(x, y):][:c.right-c.left+1]
	for i := range c.img.Rect.Dx() {
		at, odd := (x+i)/2-c.left, (x+i)%2
		next := min(max(at-1+2*odd, 0), len(src)-1)
		c.out[i] = byte((3*int32(src[at]) + int32(src[next]) + 1 + int32(odd)) >> 2)
	}
	return c.out
}

// down interpolates between rows, likewise.
func (c *chroma) down(x, y int) []byte {
	near, far := c.rows(x, y)
	for i := range c.img.Rect.Dx() {
		c.out[i] = byte((3*int32(near[i]) + int32(far[i]) + 1 + int32(y%2)) >> 2)
	}
	return c.out
}

// both interpolates between rows and along them, and rounds once.
func (c *chroma) both(x, y int) []byte {
	n := c.right - c.left + 1
	near, far := c.rows(x, y)
	near, far = near[:n], far[:n]
	// Each sample gives the right half of a pixel pair and the left half of the
	// next; the picture's ends stand alone.
	at := 3*int32(near[0]) + int32(far[0])
	out := c.out
	out[0] = byte((4*at + 8) >> 4)
	out = out[1:]
	for i := 1; i < n; i++ {
		after := 3*int32(near[i]) + int32(far[i])
		pair := out[:2]
		pair[0], pair[1] = byte((3*at+after+7)>>4), byte((3*after+at+8)>>4)
		at, out = after, out[2:]
	}
	out[0] = byte((4*at + 7) >> 4)
	return c.out[x%2:] // the left side may lie within a sample
}
