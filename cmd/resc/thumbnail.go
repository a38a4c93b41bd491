package main

import (
	"bytes"
	"image"
	"image/jpeg"

	"github.com/resc-lang/resc/internal/dataset"
	"github.com/resc-lang/resc/runtime/preprocess"
)

// thumbnail is an image as a small JPEG, whose shorter side is 96 pixels if it is
// that long, or nil where that cannot be.
func thumbnail(it dataset.Item) []byte {
	const short, quality = 96, 85
	m, err := readPicture(it)
	if err != nil {
		return nil
	}
	if min(m.Width, m.Height) > short {
		m = m.Resize(short, preprocess.Bilinear)
	}
	// A long strip is shown in part.
	m = m.CenterCrop(min(m.Height, 4*short), min(m.Width, 4*short))
	if m.Err() != nil {
		return nil
	}
	img := image.NewNRGBA(image.Rect(0, 0, m.Width, m.Height))
	for i := range m.Width * m.Height {
		copy(img.Pix[4*i:], m.Pix[3*i:3*i+3])
		img.Pix[4*i+3] = 0xff
	}
	var b bytes.Buffer
	if jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}) != nil {
		return nil
	}
	return b.Bytes()
}
