package preprocess

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
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

// vector is a line of the files that testdata/vectors.py writes.
type vector struct {
	Step   string
	Source [2]int
	Args   []int
	Size   [2]int
	Digest string // of vectors.json: 64 bits of SHA-256
	Bytes  []byte // of tensors.json
}

func readVectors(t *testing.T, name string, least int) []vector {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < least {
		t.Fatalf("only %d vectors", len(vectors))
	}
	return vectors
}

var filters = map[string]Filter{"bilinear": Bilinear, "bicubic": Bicubic, "bilinear tensor": BilinearTensor, "bicubic tensor": BicubicTensor}

// run computes a vector's step.
func (v vector) run() []*RGB {
	src := picture(v.Source[0], v.Source[1])
	step, filter, _ := strings.Cut(v.Step, " ")
	switch step {
	case "resize":
		return []*RGB{src.ResizeTo(v.Args[0], v.Args[1], filters[filter])}
	case "short":
		return []*RGB{src.Resize(v.Args[0], filters[filter])}
	case "crop":
		return []*RGB{src.CenterCrop(v.Args[0], v.Args[1])}
	case "five":
		five := src.FiveCrop(v.Args[0], v.Args[1])
		return five[:]
	case "ten":
		ten := src.TenCrop(v.Args[0], v.Args[1])
		return ten[:]
	case "chain":
		return []*RGB{src.Resize(v.Args[0], filters[filter]).CenterCrop(v.Args[1], v.Args[1])}
	}
	return nil
}

// TestPillow compares every byte with Pillow's and torchvision's.
func TestPillow(t *testing.T) {
	seen := map[string]int{}
	for _, v := range readVectors(t, "vectors.json", 900) {
		seen[v.Step]++
		t.Run(fmt.Sprint(v.Step, " ", v.Source, v.Args), func(t *testing.T) {
			hash := sha256.New()
			for _, got := range v.run() {
				if got.Err() != nil {
					t.Fatal(got.Err())
				}
				if got.Width != v.Size[0] || got.Height != v.Size[1] {
					t.Fatalf("%d by %d pixels, want %d by %d", got.Width, got.Height, v.Size[0], v.Size[1])
				}
				hash.Write(got.Pix)
			}
			if hex.EncodeToString(hash.Sum(nil)[:8]) != v.Digest {
				t.Error("the bytes are not Pillow's")
			}
		})
	}
	if len(seen) != 9 {
		t.Errorf("vectors of %v", seen)
	}
}

// TestTensor compares with PyTorch's antialiased resizing of tensors. Values that
// lie halfway between two bytes, as the means of a few bytes may, fall to either
// side by the rounding of their sums.
func TestTensor(t *testing.T) {
	differ, n := 0, 0
	for _, v := range readVectors(t, "tensors.json", 80) {
		got := v.run()[0]
		if len(got.Pix) != len(v.Bytes) {
			t.Fatalf("%s %v to %v: %d bytes, want %d", v.Step, v.Source, v.Args, len(got.Pix), len(v.Bytes))
		}
		for i, want := range v.Bytes {
			d := max(int(got.Pix[i])-int(want), int(want)-int(got.Pix[i]))
			if d > 1 {
				t.Fatalf("%s %v to %v: byte %d is %d, PyTorch has %d", v.Step, v.Source, v.Args, i, got.Pix[i], want)
			}
			differ += d
		}
		n += len(got.Pix)
	}
	t.Logf("%d of %d bytes differ by one", differ, n)
	if differ > n/100 {
		t.Errorf("%d of %d bytes differ", differ, n)
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
		"short":         tall.Resize(math.MaxInt, Bicubic),
		"negative":      tall.Resize(-1, Bicubic),
		"empty":         tall.ResizeTo(0, 4, Bicubic),
		"empty crop":    tall.CenterCrop(4, 0),
		"five crops":    tall.FiveCrop(4, 4)[3],
		"ten crops":     tall.TenCrop(2049, 1)[9],
		"mirror":        newRGB(0, 1).Mirror(),
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
	for _, filter := range filters {
		for _, size := range [][2]int{{1, 1}, {3, 90}, {90, 3}, {91, 89}} {
			flat := newRGB(31, 17)
			for i := range flat.Pix {
				flat.Pix[i] = byte(100 + i%3)
			}
			for i, v := range flat.ResizeTo(size[0], size[1], filter).Pix {
				if v != byte(100+i%3) {
					t.Fatalf("filter %v, %v: byte %d is %d", filter, size, i, v)
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
