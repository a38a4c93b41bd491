package picture

import (
	"bytes"
	"encoding/binary"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// orientation is the tag of that name in an EXIF block, which is a TIFF file: 1 to
// 8, and 1 where there is none or the block is broken.
func orientation(exif []byte) int {
	const tag = 0x112
	if v := tiffTag(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")), tag); v >= 1 && v <= 8 {
		return v
	}
	return 1
}

// tiffTag is a tag of the first directory of a TIFF file whose type is a short, or
// 0 where there is none or the file is broken.
func tiffTag(data []byte, tag uint16) int {
	if len(data) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(data[4:]))
	if at+2 > uint64(len(data)) {
		return 0
	}
	entries := data[at+2:]
	for range order.Uint16(data[at:]) {
		if len(entries) < 12 {
			return 0
		}
		const short = 3
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return 0
}

// upright turns a picture as Pillow's ImageOps.exif_transpose does.
func upright(m *preprocess.RGB, orientation int) *preprocess.RGB {
	if orientation == 1 {
		return m
	}
	w, h := m.Width, m.Height
	out := &preprocess.RGB{Width: w, Height: h, Pix: make([]byte, len(m.Pix))}
	if orientation >= 5 {
		out.Width, out.Height = h, w
	}
	for y := range out.Height {
		for x := range out.Width {
			fromX, fromY := x, y
			if orientation >= 5 {
				fromX, fromY = y, x
			}
			switch orientation {
			case 2, 3, 7, 8:
				fromX = w - 1 - fromX
			}
			switch orientation {
			case 3, 4, 6, 7:
				fromY = h - 1 - fromY
			}
			copy(out.Pix[3*(y*out.Width+x):][:3], m.Pix[3*(fromY*w+fromX):])
		}
	}
	return out
}

// jpegEXIF finds the first segment APP1 that holds EXIF.
func jpegEXIF(data []byte) []byte {
	data = data[2:]
	for len(data) >= 4 && data[0] == 0xff {
		const fill, app1, sos = 0xff, 0xe1, 0xda
		marker := data[1]
		if marker == fill {
			data = data[1:]
			continue
		}
		n := 2 + int(binary.BigEndian.Uint16(data[2:]))
		if marker == sos || n > len(data) || n < 4 {
			return nil
		}
		if segment := data[4:n]; marker == app1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")) {
			return segment
		}
		data = data[n:]
	}
	return nil
}

// pngEXIF finds the chunk eXIf.
func pngEXIF(data []byte) []byte {
	data = data[8:]
	for len(data) >= 12 {
		n := uint64(binary.BigEndian.Uint32(data))
		if n+12 > uint64(len(data)) {
			return nil
		}
		if string(data[4:8]) == "eXIf" {
			return data[8 : 8+n]
		}
		data = data[12+n:]
	}
	return nil
}

// webpEXIF finds the chunk EXIF.
func webpEXIF(data []byte) []byte {
	data = data[12:]
	for len(data) >= 8 {
		n := uint64(binary.LittleEndian.Uint32(data[4:]))
		if n+8 > uint64(len(data)) {
			return nil
		}
		if string(data[:4]) == "EXIF" {
			return data[8 : 8+n]
		}
		data = data[min(8+n+n%2, uint64(len(data))):]
	}
	return nil
}
