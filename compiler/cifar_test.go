package compiler

import (
	"context"
	"encoding/csv"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/resc-lang/resc/internal/fixture/reference"
	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/safetensors"
	"github.com/resc-lang/resc/stdlib"
)

// TestShippedWeights runs std/cifar_resnet with its own weights on 600 images
// and compares logits with PyTorch's, image by image. The images may not be part
// of this project; the test is skipped where they are absent.
func TestShippedWeights(t *testing.T) {
	dir := reference.Path(t, "data", "cifar")
	f, err := os.Open(filepath.Join(dir, "labels.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want, err := npy.ReadFile(filepath.Join(dir, "cifar_resnet20.logits.npy"))
	if err != nil {
		t.Fatal(err)
	}
	logits := want.AsFloat32()
	p := compile(t, "std/cifar_resnet", nil)
	data, err := stdlib.Weights(p.ShippedWeights())
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := safetensors.OpenBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	network, err := p.Load(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	s := network.NewSession(runtime.Threads(1))
	defer s.Close()
	right, n := 0, 0
	worst := 0.0
	for _, row := range rows {
		path := filepath.Join(dir, row[0])
		if filepath.Ext(path) != ".png" {
			continue // the heading
		}
		img, err := decodePNG(path)
		if err != nil {
			t.Fatal(err)
		}
		values, h, w, err := p.Preprocess(img)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, 10)
		if err := s.Run(context.Background(), values, h, w, [][]float32{got}); err != nil {
			t.Fatal(err)
		}
		expected := logits[10*n : 10*n+10]
		largest := 0.0
		for _, v := range expected {
			largest = max(largest, math.Abs(float64(v)))
		}
		for i, v := range got {
			worst = max(worst, math.Abs(float64(v-expected[i]))/largest)
		}
		if top(got) != top(expected) {
			t.Errorf("%s: class %d, want %d", path, top(got), top(expected))
		}
		if p.Classes()[top(got)] == filepath.Base(filepath.Dir(path)) {
			right++
		}
		n++
	}
	t.Logf("right on %d of %d; logits differ by at most %.2g", right, n, worst)
	if n != 600 || right != 534 || !(worst <= 1e-4) {
		t.Errorf("right on %d of %d images, and logits differ by %g; PyTorch is right on 534 of 600", right, n, worst)
	}
}

func decodePNG(path string) (img image.Image, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}

// top is the index of the largest value.
func top(v []float32) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}
