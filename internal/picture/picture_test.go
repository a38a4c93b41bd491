package picture

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// golden is what Pillow makes of a fixture; testdata/fixtures.py writes both.
type golden struct {
	Size [2]int
	RGB  []byte
}

func readGolden(t testing.TB) map[string]golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]golden
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 45 {
		t.Fatalf("only %d fixtures", len(all))
	}
	return all
}

// TestPillow compares each fixture with Pillow: to the byte, save for JPEG, where
// decoders round the inverse cosine transform each in their own way. There the
// mean difference is below a fifth of a level, and none is above 3.
func TestPillow(t *testing.T) {
	for name, want := range readGolden(t) {
		t.Run(name, func(t *testing.T) {
			m, err := Decode(fixture(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if [2]int{m.Width, m.Height} != want.Size || len(m.Pix) != len(want.RGB) {
				t.Fatalf("%d by %d pixels, want %v", m.Width, m.Height, want.Size)
			}
			sum, most := 0, 0
			for i, v := range m.Pix {
				d := max(int(v)-int(want.RGB[i]), int(want.RGB[i])-int(v))
				sum, most = sum+d, max(most, d)
			}
			mean, limit := float64(sum)/float64(len(m.Pix)), 0
			if strings.HasSuffix(name, ".jpg") {
				limit = 3
			}
			t.Logf("differs by %.3f in the mean, at most by %d", mean, most)
			if mean > 0.2 || most > limit {
				t.Errorf("differs from Pillow by %.3f in the mean, at most by %d", mean, most)
			}
		})
	}
}

// fixture reads a file of testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestTruncated cuts every fixture at many places: in its first half that is an
// error, and nowhere a panic.
func TestTruncated(t *testing.T) {
	for name := range readGolden(t) {
		data := fixture(t, name)
		for n := 0; n < len(data); n += 1 + n/10 {
			m, err := Decode(data[:n])
			if err == nil && n < len(data)/2 {
				t.Errorf("%s: %d of %d bytes decode to %d by %d pixels", name, n, len(data), m.Width, m.Height)
			}
			if err != nil && err.Error() == "" {
				t.Errorf("%s: an error without text", name)
			}
		}
	}
}

// TestRefused checks messages for what is no picture, is too large, or is broken.
func TestRefused(t *testing.T) {
	patch := func(name string, at int, bytes ...byte) []byte {
		data := fixture(t, name)
		copy(data[at:], bytes)
		return data
	}
	tiff := fixture(t, "lzw.tif")
	for i := binary.LittleEndian.Uint32(tiff[4:]) + 2; ; i += 12 { // the width
		if tag := binary.LittleEndian.Uint16(tiff[i:]); tag == 256 {
			binary.LittleEndian.PutUint16(tiff[i+2:], 4) // a long
			binary.LittleEndian.PutUint32(tiff[i+8:], 1<<30)
			break
		}
	}
	png := patch("rgb.png", 16, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff)
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(png[12:29]))
	scans := fixture(t, "progressive.jpg")
	for range maxScans {
		scans = append(scans, 0xff, 0xda, 0, 2)
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":          {nil, "the file is empty"},
		"text":           {[]byte("no image"), "not an image: PNG, JPEG, GIF, BMP, TIFF and WebP are read"},
		"heic":           {[]byte("\x00\x00\x00\x18ftypheic"), "HEIC is not read: convert it to PNG or JPEG"},
		"png too large":  {png, "a picture of 65535 by 65535 pixels is too large"},
		"jpeg too large": {jpegSize(t, 65535, 65535), "a picture of 65535 by 65535 pixels is too large"},
		"jpeg bomb":      {jpegSize(t, 11000, 11000), "1041 bytes cannot be a picture of 11000 by 11000 pixels"},
		"jpeg scans":     {scans, "broken JPEG: too many scans"},
		"gif too large":  {patch("palette.gif", 6, 0xff, 0xff, 0xff, 0xff), "a picture of 65535 by 65535 pixels is too large"},
		"bmp negative":   {patch("rgb.bmp", 18, 0, 0, 0, 0x80), "broken BMP: unsupported BMP image"},
		"tiff too large": {tiff, "a picture of 1073741824 by 9 pixels is too large"},
		"truncated":      {fixture(t, "rgb.bmp")[:90], "truncated BMP"},
		"truncated png":  {fixture(t, "rgb.png")[:90], "broken PNG: not enough pixel data"},
		"truncated jpeg": {fixture(t, "420.jpg")[:900], "broken JPEG: short Huffman data"},
		"checksum":       {patch("rgb.png", 60, 1, 2, 3), "broken PNG: flate: corrupt input"},
		"animation":      {[]byte("RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00"), "it is an animation, which is not read"},
	} {
		_, err := Decode(test.data)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", name, err, test.want)
		}
	}
}

// jpegSize is a JPEG file whose header claims another size.
func jpegSize(t *testing.T, width, height uint16) []byte {
	data := fixture(t, "420.jpg")
	at := strings.Index(string(data), "\xff\xc0")
	binary.BigEndian.PutUint16(data[at+5:], height)
	binary.BigEndian.PutUint16(data[at+7:], width)
	return data
}

// TestConcurrent decodes from many goroutines with a budget of one picture, and
// finds it whole afterwards.
func TestConcurrent(t *testing.T) {
	old := budget
	defer func() { budget = old }()
	budget = newPixels(37 * 29)
	data := fixture(t, "420.jpg")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, err := Decode(data); err != nil {
					t.Error(err)
				}
				if _, err := Decode(data[:900]); err == nil {
					t.Error("a truncated file decodes")
				}
			}
		})
	}
	wg.Wait()
	if budget.free != 37*29 {
		t.Errorf("%d pixels are free", budget.free)
	}
}

func FuzzDecode(f *testing.F) {
	for name := range readGolden(f) {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		if m.Width < 1 || m.Height < 1 || len(m.Pix) != 3*m.Width*m.Height {
			t.Errorf("%d by %d pixels, %d bytes", m.Width, m.Height, len(m.Pix))
		}
	})
}
