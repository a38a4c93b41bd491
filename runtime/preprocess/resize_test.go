package preprocess

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// picture draws what testdata/vectors.py draws.
func picture(width, height int) *RGB {
	m := newRGB(width, height)
	state := uint32(width*65536 + height)
	for i := range m.Pix {
		state = state*1664525 + 1013904223
		x, y := i/3%width, i/3/width
		m.Pix[i] = byte(255 * (x / 3 % 2))
		if y/8%2 == 0 {
			m.Pix[i] = byte(state >> 24)
		}
	}
	return m
}

// TestPillow compares every byte with Pillow's.
func TestPillow(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Step          string
		Source        [2]int
		Args          []int
		Size          [2]int
		SHA256, Bytes string
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 150 {
		t.Errorf("only %d vectors", len(vectors))
	}
	filters := map[string]Filter{"bilinear": Bilinear, "bicubic": Bicubic}
	for _, v := range vectors {
		t.Run(fmt.Sprint(v.Step, " ", v.Source, v.Args), func(t *testing.T) {
			src := picture(v.Source[0], v.Source[1])
			step, filter, _ := strings.Cut(v.Step, " ")
			var got *RGB
			switch step {
			case "resize":
				got = src.ResizeTo(v.Args[0], v.Args[1], filters[filter])
			case "short":
				got = src.Resize(v.Args[0], filters[filter])
			case "crop":
				got = src.CenterCrop(v.Args[0], v.Args[1])
			}
			if got.Err() != nil {
				t.Fatal(got.Err())
			}
			if got.Width != v.Size[0] || got.Height != v.Size[1] {
				t.Fatalf("%d by %d pixels, want %d by %d", got.Width, got.Height, v.Size[0], v.Size[1])
			}
			if v.Bytes != "" && hex.EncodeToString(got.Pix) != v.Bytes {
				t.Errorf("got  %x\nwant %s", got.Pix, v.Bytes)
			}
			if sum := sha256.Sum256(got.Pix); hex.EncodeToString(sum[:]) != v.SHA256 {
				t.Errorf("%d bytes differ from Pillow's", len(got.Pix))
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	thin := newRGB(1, 100_000)
	tall := newRGB(1, 2048)
	for name, m := range map[string]*RGB{
		"side":          tall.ResizeTo(maxSide+1, 1, Bilinear),
		"result":        tall.ResizeTo(1<<17, 1<<11, Bilinear),
		"between":       thin.ResizeTo(1<<17, 1, Bilinear),
		"aspect":        thin.Resize(256, Bilinear),
		"crop":          tall.CenterCrop(1<<17, 1<<11),
		"short":         tall.Resize(1<<40, Bicubic),
		"negative":      tall.Resize(-1, Bicubic),
		"empty":         tall.ResizeTo(0, 4, Bicubic),
		"empty crop":    tall.CenterCrop(4, 0),
		"boundless":     FromImage(image.NewUniform(image.Black.C)),
		"without pixel": FromImage(image.NewRGBA(image.Rect(0, 0, 0, 5))),
	} {
		if m.Err() == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		// Every later step keeps the error, and the last returns it.
		err := m.Resize(4, Bilinear).ResizeTo(4, 4, Bicubic).CenterCrop(2, 2).Raw(make([]float32, 12))
		if err != m.Err() {
			t.Errorf("%s: last error %v, first %v", name, err, m.Err())
		}
	}
}

// TestConstant checks that a flat picture stays flat, at any size.
func TestConstant(t *testing.T) {
	for _, filter := range []Filter{Bilinear, Bicubic} {
		for _, size := range [][2]int{{1, 1}, {3, 90}, {90, 3}, {91, 89}} {
			flat := newRGB(31, 17)
			for i := range flat.Pix {
				flat.Pix[i] = byte(100 + i%3)
			}
			for i, v := range flat.ResizeTo(size[0], size[1], filter).Pix {
				if v != byte(100+i%3) {
					t.Fatalf("filter %d, %v: byte %d is %d", filter, size, i, v)
				}
			}
		}
	}
}

func TestPhotograph(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "photos", "cat.png"))
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	m := FromImage(img).Resize(256, Bilinear).CenterCrop(224, 224)
	if m.Err() != nil {
		t.Fatal(m.Err())
	}
	const want = "d2380d7104e4d7d5ba262b5731ac6b0fa74c50f04e93471053462f00c462c25f"
	if got := fmt.Sprintf("%x", sha256.Sum256(m.Pix)); got != want {
		t.Errorf("the bytes are not Pillow's: %s", got)
	}
}

func BenchmarkResize(b *testing.B) {
	m := picture(640, 427)
	for b.Loop() {
		m.Resize(256, Bilinear)
	}
}
