package compiler

import (
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/runtime/preprocess"
)

// TestPreprocess compares what a model's file says with the calls that it means,
// for each number of crops, and with the code that is emitted for it. The first mean
// lies between two numbers of single precision, and its decimals above the middle.
func TestPreprocess(t *testing.T) {
	const file = `model m {
    input image [3, 6, 5]
    preprocess resize 8, bicubic, tensor -> crop 6x5 -> raw -> normalize [1.0000000596046448, 0, 255], [2, 1, 0.5]
    avgpool
}
`
	p, ds := Compile(dsl.NewSource("m.res", file), Options{})
	if len(ds) > 0 {
		t.Fatal(ds[0])
	}
	img := image.NewNRGBA(image.Rect(0, 0, 13, 11))
	for i := range 13 * 11 {
		img.Set(i%13, i/13, color.NRGBA{byte(37 * i), byte(91 * i), byte(i * i), 255})
	}
	m := preprocess.FromImage(img)
	resized := m.Resize(8, preprocess.BicubicTensor)
	five, ten := resized.FiveCrop(6, 5), resized.TenCrop(6, 5)
	for crops, want := range map[int][]*preprocess.RGB{1: {resized.CenterCrop(6, 5)}, 5: five[:], 10: ten[:]} {
		got, h, w, err := p.PreprocessRGB(m, crops)
		if err != nil || h != 6 || w != 5 || len(got) != len(want) {
			t.Fatalf("%d crops: %d inputs of %dx%d: %v", crops, len(got), h, w, err)
		}
		values := make([]float32, 3*6*5)
		for i, picture := range want {
			if err := picture.NormalizeRaw(values, [3]float32{1, 0, 255}, [3]float32{2, 1, 0.5}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got[i], values) {
				t.Errorf("crop %d of %d differs", i, crops)
			}
		}
	}
	if err := p.CheckPreprocess(3); err == nil {
		t.Error("three crops are none that there are")
	}
	files, err := p.Emit("m", "")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(files, func(f File) bool {
		return strings.Contains(string(f.Data), "p = p.Resize(8, preprocess.BicubicTensor)\n\tp = p.CenterCrop(6, 5)\n") &&
			strings.Contains(string(f.Data), "p.NormalizeRaw(dst[:], [3]float32{1, 0, 255}, [3]float32{2, 1, 0.5})")
	}) {
		t.Error("the emitted package does not preprocess as the file says")
	}
}

// TestPreprocessMissing checks what is said of models that take no images.
func TestPreprocessMissing(t *testing.T) {
	for file, want := range map[string]string{
		"model m {\n    input image [3, 6, 5]\n    avgpool\n}\n":                            "no preprocess statement",
		"model m {\n    input image [1, 6, 5]\n    preprocess resize 6x5\n    avgpool\n}\n": "three channels",
		"model m {\n    input image [3, 6, 5]\n    preprocess resize 6x5\n    avgpool\n}\n": "no crop, of which there could be 10",
	} {
		p, ds := Compile(dsl.NewSource("m.res", file), Options{})
		if len(ds) > 0 {
			t.Fatal(ds[0])
		}
		m := preprocess.FromImage(image.NewGray(image.Rect(0, 0, 5, 6)))
		if _, _, _, err := p.PreprocessRGB(m, 10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
