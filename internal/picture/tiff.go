package picture

import (
	"bytes"

	"golang.org/x/image/tiff"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// decodeTIFF mends one thing: fax codes speak of white and black, by which TIFF
// means 0 and 1. The decoder takes them at their word, which inverts a picture
// whose 0 is black.
func decodeTIFF(data []byte) (*preprocess.RGB, error) {
	img, err := tiff.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	m := preprocess.FromImage(img)
	if err := m.Err(); err != nil {
		return nil, err
	}
	const (
		tagCompression, group3, group4 = 259, 3, 4
		tagPhotometric, blackIsZero    = 262, 1
	)
	if c := tiffTag(data, tagCompression); (c == group3 || c == group4) && tiffTag(data, tagPhotometric) == blackIsZero {
		for i, v := range m.Pix {
			m.Pix[i] = 255 - v
		}
	}
	return m, nil
}
