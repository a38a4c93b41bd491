package preprocess

import "fmt"

// CenterCrop cuts height by width pixels out of the middle, as torchvision's
// CenterCrop does: where the picture is smaller it is first padded with black,
// and half a pixel is rounded to even.
func (m *RGB) CenterCrop(height, width int) *RGB {
	if m.err != nil {
		return m
	}
	out := newRGB(width, height)
	if out.err != nil {
		return out
	}
	top, rows := overlap(m.Height, height)
	left, columns := overlap(m.Width, width)
	// A negative offset is black in front: it moves the destination.
	fromX, toX := 3*max(left, 0), 3*max(-left, 0)
	for y := range rows {
		from := m.row(y + max(top, 0))
		copy(out.row(y + max(-top, 0))[toX:], from[fromX:][:3*columns])
	}
	return out
}

// overlap places a crop of size to in the middle of size from: the crop's start
// in the picture, which is negative where black goes in front, and the number
// of pixels that the two share.
func overlap(from, to int) (start, shared int) {
	if from < to {
		return -((to - from) / 2), from
	}
	start = (from - to) / 2
	if (from-to)%4 == 3 { // a half after an odd number
		start++
	}
	return start, to
}

// FiveCrop cuts height by width pixels out of the corners, in the order top left,
// top right, bottom left, bottom right, and out of the middle, as torchvision's
// FiveCrop does. A picture that is smaller makes all five bear an error.
func (m *RGB) FiveCrop(height, width int) [5]*RGB {
	down, right := m.Height-height, m.Width-width
	if m.err == nil && (down < 0 || right < 0) {
		m = &RGB{err: fmt.Errorf("preprocess: a picture of %d by %d pixels has no five crops of %d by %d", m.Width, m.Height, width, height)}
	}
	return [5]*RGB{
		m.cut(0, 0, height, width),
		m.cut(0, right, height, width),
		m.cut(down, 0, height, width),
		m.cut(down, right, height, width),
		m.CenterCrop(height, width),
	}
}

// TenCrop is FiveCrop of the picture and then of its mirror image, as
// torchvision's TenCrop and the testing of Krizhevsky et al. (2012) and He et
// al. (2015).
func (m *RGB) TenCrop(height, width int) [10]*RGB {
	straight, mirrored := m.FiveCrop(height, width), m.Mirror().FiveCrop(height, width)
	return [10]*RGB(append(straight[:], mirrored[:]...))
}

// cut copies height by width pixels whose corner is at (top, left), all of which
// lie within the picture.
func (m *RGB) cut(top, left, height, width int) *RGB {
	if m.err != nil {
		return m
	}
	out := newRGB(width, height)
	for y := range out.Height {
		copy(out.row(y), m.row(top + y)[3*left:])
	}
	return out
}

// Mirror swaps left and right.
func (m *RGB) Mirror() *RGB {
	if m.err != nil {
		return m
	}
	out := newRGB(m.Width, m.Height)
	for y := range m.Height {
		from, to := m.row(y), out.row(y)
		for x := 0; x < len(from); x += 3 {
			copy(to[len(to)-3-x:], from[x:x+3])
		}
	}
	return out
}
