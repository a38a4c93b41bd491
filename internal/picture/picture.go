// Package picture reads image files: PNG, JPEG, GIF, BMP, TIFF and WebP, told
// apart by their content. What comes out is what Pillow's convert("RGB") makes of
// the file, turned upright as the file's orientation tag says.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// What is decoded. A decoder takes at most 18 bytes for a pixel.
const (
	maxFile   = 1 << 28 // bytes
	maxSide   = 1 << 16
	maxPixels = 1 << 27
	// Beyond freePixels a file must have a byte for each densePixels: no
	// compression that is in use does better, but headers can claim anything.
	freePixels  = 1 << 24
	densePixels = 1 << 12
)

// format is a kind of file.
type format struct {
	name string
	// magic is how a file begins; ? is any byte.
	magic  []string
	config func(io.Reader) (image.Config, error)
	decode func(data []byte) (*preprocess.RGB, error)
	// exif finds the file's EXIF block, if it has one. May be nil.
	exif func(data []byte) []byte
}

var formats = []format{
	{"PNG", []string{"\x89PNG\r\n\x1a\n"}, png.DecodeConfig, plain(png.Decode), pngEXIF},
	{"JPEG", []string{"\xff\xd8"}, jpeg.DecodeConfig, decodeJPEG, jpegEXIF},
	{"GIF", []string{"GIF87a", "GIF89a"}, gif.DecodeConfig, decodeGIF, nil},
	{"WebP", []string{"RIFF????WEBPVP8"}, webp.DecodeConfig, decodeWebP, webpEXIF},
	{"TIFF", []string{"II*\x00", "MM\x00*"}, tiff.DecodeConfig, decodeTIFF, func(data []byte) []byte { return data }},
	{"BMP", []string{"BM"}, bmp.DecodeConfig, plain(bmp.Decode), nil},
}

// unread are kinds of files that people have and this package does not read.
var unread = map[string]string{
	"????ftyphei": "HEIC", "????ftypmif1": "HEIF", "????ftypavi": "AVIF",
	"\xff\x0a": "JPEG XL", "????JXL ": "JPEG XL", "????jP  ": "JPEG 2000", "\xff\x4f\xff\x51": "JPEG 2000",
	"8BPS": "Photoshop", "%PDF": "PDF", "<svg": "SVG",
}

// Read is Decode of all that r has.
func Read(r io.Reader) (*preprocess.RGB, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	return Decode(data)
}

// Decode decodes the contents of a file. Of an animation it is the first frame.
// The picture's size is checked before memory is taken for it. It may be called
// concurrently, and waits where many large pictures are being decoded.
func Decode(data []byte) (m *preprocess.RGB, err error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("the file is larger than %d bytes", maxFile)
	}
	f, err := sniff(data)
	if err != nil {
		return nil, err
	}
	// The decoders are others'. What they make of hostile files is not ours to
	// know, and one picture is no reason to stop.
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("broken %s: %v", f.name, r)
		}
	}()
	c, err := f.config(bytes.NewReader(data))
	if err != nil {
		return nil, f.explain(err)
	}
	if err := checkSize(c.Width, c.Height, len(data)); err != nil {
		return nil, err
	}
	budget.take(c.Width * c.Height)
	defer budget.give(c.Width * c.Height)
	if m, err = f.decode(data); err != nil {
		return nil, f.explain(err)
	}
	if f.exif != nil {
		m = upright(m, orientation(f.exif(data)))
	}
	return m, nil
}

// sniff tells the format.
func sniff(data []byte) (*format, error) {
	if len(data) == 0 {
		return nil, errors.New("the file is empty")
	}
	for i := range formats {
		for _, magic := range formats[i].magic {
			if begins(data, magic) {
				return &formats[i], nil
			}
		}
	}
	for magic, name := range unread {
		if begins(data, magic) {
			return nil, fmt.Errorf("%s is not read: convert it to PNG or JPEG", name)
		}
	}
	return nil, errors.New("not an image: PNG, JPEG, GIF, BMP, TIFF and WebP are read")
}

func begins(data []byte, magic string) bool {
	if len(data) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != data[i] {
			return false
		}
	}
	return true
}

// checkSize bounds what a picture may take.
func checkSize(width, height, bytes int) error {
	if width < 1 || height < 1 {
		return errors.New("the picture has no pixels")
	}
	n := int64(width) * int64(height) // of 32-bit processors, too
	if width > maxSide || height > maxSide || n > maxPixels {
		return fmt.Errorf("a picture of %d by %d pixels is too large (the limits are %d a side and %d in all)", width, height, maxSide, maxPixels)
	}
	if n > freePixels && n/densePixels > int64(bytes) {
		return fmt.Errorf("%d bytes cannot be a picture of %d by %d pixels", bytes, width, height)
	}
	return nil
}

// explain says what an error of a decoder means.
func (f *format) explain(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("truncated %s", f.name)
	}
	text := err.Error()
	for _, said := range []string{strings.ToLower(f.name) + ": ", "invalid format: ", "invalid JPEG format: "} {
		text = strings.TrimPrefix(text, said)
	}
	return fmt.Errorf("broken %s: %s", f.name, text)
}

// plain makes a decoder of one whose picture needs no more than conversion.
func plain(decode func(io.Reader) (image.Image, error)) func(data []byte) (*preprocess.RGB, error) {
	return func(data []byte) (*preprocess.RGB, error) {
		img, err := decode(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		m := preprocess.FromImage(img)
		return m, m.Err()
	}
}
