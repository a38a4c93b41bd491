package main

import (
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	pytorch "github.com/resc-lang/resc/internal/fixture/reference"
	"github.com/resc-lang/resc/internal/npy"
)

// TestPublishedCheckpoints runs checkpoints as their authors published them on 600
// images, through the command, and compares predictions and logits with PyTorch's,
// image by image. Neither may be part of this project; the test is skipped where
// they are absent.
func TestPublishedCheckpoints(t *testing.T) {
	data := pytorch.Path(t, "data")
	f, err := os.Open(filepath.Join(data, "cifar", "labels.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var images, labels []string
	for _, row := range rows[1:] {
		images = append(images, filepath.Join(data, "cifar", row[0]))
		labels = append(labels, row[2])
	}
	for _, c := range []struct {
		model, file, logits string
		set                 []string
		right               int
	}{
		{"akamaster", "resnet20-12fca82f.th", "cifar-resnet20", nil, 487},
		{"akamaster", "cifar-resnet20.safetensors", "cifar-resnet20", nil, 487},
		{"akamaster", "resnet32-d509ac18.th", "cifar-resnet32", []string{"--set", "depth=32"}, 507},
		{"akamaster", "cifar-resnet32.safetensors", "cifar-resnet32", []string{"--set", "depth=32"}, 507},
		{"mlperf_resnet8", "mlperf-resnet8.safetensors", "mlperf-resnet8", nil, 451},
	} {
		t.Run(c.file, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "y.npy")
			args := append([]string{"run", "../../examples/checkpoints/" + c.model + ".res", "--weights", data + "/checkpoints/" + c.file, "--output", out}, c.set...)
			var stderr bytes.Buffer
			if status := run(append(args, images...), io.Discard, &stderr); status != 0 {
				t.Fatalf("status %d: %s", status, &stderr)
			}
			got, err := npy.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			want, err := npy.ReadFile(data + "/cifar/" + c.logits + ".logits.npy")
			if err != nil {
				t.Fatal(err)
			}
			compareLogits(t, got.AsFloat32(), want.AsFloat32(), labels, c.right)
		})
	}
}

// compareLogits holds logits of ten classes to PyTorch's, and counts the images that
// are right.
func compareLogits(t *testing.T, got, want []float32, labels []string, right int) {
	t.Helper()
	if len(got) != 10*len(labels) || len(want) != len(got) {
		t.Fatalf("%d and %d logits for %d images", len(got), len(want), len(labels))
	}
	n, worst := 0, 0.0
	for i, label := range labels {
		g, w := got[10*i:][:10], want[10*i:][:10]
		largest := 0.0
		for _, v := range w {
			largest = max(largest, math.Abs(float64(v)))
		}
		for j, v := range g {
			worst = max(worst, math.Abs(float64(v-w[j]))/largest)
		}
		if argmax(g) != argmax(w) {
			t.Errorf("image %d is of class %d, and should be of %d", i, argmax(g), argmax(w))
		}
		if label == string(rune('0'+argmax(g))) {
			n++
		}
	}
	t.Logf("right on %d of %d; logits differ by at most %.2g", n, len(labels), worst)
	if n != right || !(worst <= 1e-4) {
		t.Errorf("right on %d of %d images, and logits differ by %g; PyTorch is right on %d", n, len(labels), worst, right)
	}
}

func argmax(v []float32) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}
