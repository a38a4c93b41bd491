package picture

import (
	"bytes"
	"errors"
	"image/jpeg"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// maxScans bounds the passes over a picture that a progressive file may ask for:
// each can be a few bytes long, and encoders make about ten.
const maxScans = 500

// decodeJPEG is the standard library's decoder. Within a scan 0xff is followed
// by 0, so what looks like the start of one is that, or lies in a comment.
func decodeJPEG(data []byte) (*preprocess.RGB, error) {
	if bytes.Count(data, []byte{0xff, 0xda}) > maxScans {
		return nil, errors.New("too many scans")
	}
	return plain(jpeg.Decode)(data)
}
