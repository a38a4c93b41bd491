package preprocess

import (
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/allocs"
)

// fill draws the same opaque colours into any picture.
func fill(set func(x, y int, c color.Color), b image.Rectangle) {
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			set(x, y, color.NRGBA{byte(40 * x), byte(60 * y), byte(17 * x * y), 255})
		}
	}
}

// hidden hides a picture's type from FromImage.
type hidden struct{ image.Image }

// TestFromImage compares each type's own path with the path by colours, for a
// part of a picture whose corner is not the origin.
func TestFromImage(t *testing.T) {
	whole, part := image.Rect(-1, -2, 6, 5), image.Rect(1, 0, 5, 4)
	grid := color.Palette{}
	for i := range 255 {
		grid = append(grid, color.RGBA{byte(i), byte(255 - i), byte(7 * i), 255})
	}
	pictures := map[string]image.Image{
		"RGBA":     image.NewRGBA(whole),
		"RGBA64":   image.NewRGBA64(whole),
		"NRGBA":    image.NewNRGBA(whole),
		"NRGBA64":  image.NewNRGBA64(whole),
		"Gray":     image.NewGray(whole),
		"Gray16":   image.NewGray16(whole),
		"Paletted": image.NewPaletted(whole, grid),
	}
	for name, img := range pictures {
		t.Run(name, func(t *testing.T) {
			if img, ok := img.(interface {
				Set(x, y int, c color.Color)
			}); ok {
				fill(img.Set, whole)
			}
			sub := img.(interface {
				SubImage(image.Rectangle) image.Image
			}).SubImage(part)
			got, want := FromImage(sub), FromImage(hidden{sub})
			if got.Width != 4 || got.Height != 4 || !slices.Equal(got.Pix, want.Pix) {
				t.Errorf("got  %v\nwant %v", got.Pix, want.Pix)
			}
			r, g, b, _ := sub.At(2, 3).RGBA()
			at := got.row(3)[3:6]
			if at[0] != byte(r>>8) || at[1] != byte(g>>8) || at[2] != byte(b>>8) {
				t.Errorf("pixel (2, 3) is %v, want %v", at, sub.At(2, 3))
			}
		})
	}
}

// TestCMYK compares with Pillow's convert("RGB").
func TestCMYK(t *testing.T) {
	img := image.NewCMYK(image.Rect(0, 0, 4, 1))
	img.Pix = []byte{0, 0, 0, 0, 255, 128, 1, 0, 10, 100, 200, 77, 3, 4, 5, 255}
	want := []byte{255, 255, 255, 0, 127, 254, 171, 108, 38, 0, 0, 0}
	if got := FromImage(img).Pix; !slices.Equal(got, want) {
		t.Errorf("pixels %v, want %v", got, want)
	}
}

// TestAlpha checks what becomes of alpha: nothing, where colours are apart from
// it, and division where they are not.
func TestAlpha(t *testing.T) {
	b := image.Rect(0, 0, 1, 1)
	straight := image.NewNRGBA(b)
	straight.Pix = []byte{10, 20, 30, 0}
	straight64 := image.NewNRGBA64(b)
	straight64.Pix = []byte{10, 99, 20, 99, 30, 99, 0, 0}
	multiplied := image.NewRGBA(b)
	multiplied.Pix = []byte{5, 10, 15, 128}
	clear := image.NewRGBA(b)
	palette := image.NewPaletted(b, color.Palette{color.NRGBA{10, 20, 30, 0}})
	for name, test := range map[string]struct {
		img  image.Image
		want []byte
	}{
		"straight":            {straight, []byte{10, 20, 30}},
		"straight, 16 bits":   {straight64, []byte{10, 20, 30}},
		"multiplied":          {multiplied, []byte{9, 19, 29}},
		"transparent":         {clear, []byte{0, 0, 0}},
		"transparent palette": {palette, []byte{10, 20, 30}},
	} {
		if got := FromImage(test.img).Pix; !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestPaletteTooShort(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.White})
	img.Pix[1] = 9
	if got := FromImage(img).Pix; !slices.Equal(got, []byte{255, 255, 255, 0, 0, 0}) {
		t.Errorf("pixels %v", got)
	}
}

func TestCheckSize(t *testing.T) {
	m := newRGB(3, 2)
	if err := m.CheckSize(2, 3); err != nil {
		t.Error(err)
	}
	for _, size := range [][2]int{{3, 2}, {2, 2}, {3, 3}} {
		if err := m.CheckSize(size[0], size[1]); err == nil || !strings.Contains(err.Error(), "is 3 by 2 pixels") {
			t.Errorf("%v: error %v", size, err)
		}
	}
	if err := newRGB(0, 1).CheckSize(1, 0); err != ErrEmpty {
		t.Errorf("error %v", err)
	}
}

func TestStore(t *testing.T) {
	m := newRGB(2, 1)
	copy(m.Pix, []byte{0, 51, 255, 102, 153, 204})
	mean, std := [3]float32{0.5, 0, 0.25}, [3]float32{0.5, 1, 0.25}
	dst := make([]float32, 6)
	for name, test := range map[string]struct {
		store func() error
		want  []float32
	}{
		"Raw":          {func() error { return m.Raw(dst) }, []float32{0, 102, 51, 153, 255, 204}},
		"Unit":         {func() error { return m.Unit(dst) }, []float32{0, 0.4, 0.2, 0.6, 1, 0.8}},
		"Normalize":    {func() error { return m.Normalize(dst, mean, std) }, []float32{-1, -0.19999999, 0.2, 0.6, 3, 2.2}},
		"NormalizeRaw": {func() error { return m.NormalizeRaw(dst, mean, std) }, []float32{-1, 203, 51, 153, 1019, 815}},
	} {
		if err := test.store(); err != nil || !slices.Equal(dst, test.want) {
			t.Errorf("%s: %v, %v; want %v", name, dst, err, test.want)
		}
	}
	if err := m.Raw(dst[:3]); err == nil || !strings.Contains(err.Error(), "2 by 1 pixels, 6 values; the input takes 3") {
		t.Errorf("error %v", err)
	}
	if n := allocs.Least(10, func() { m.Normalize(dst, mean, std) }); n > 0 {
		t.Errorf("%d allocations in ten calls of Normalize", n)
	}
}
