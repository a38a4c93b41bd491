package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// overflowing is a network whose second layer overflows, but for a black picture.
const overflowing = `model overflowing(classes = 3) {
    input image [3, 8, 8]
    preprocess resize 8 -> crop 8
    labels ["a", "b", "c"]

    conv1: conv 3x3, 16 -> relu
    conv2: conv 3x3, 16 -> relu
    avgpool
    fc: linear classes
}
`

// writeOverflowing makes the network, its weights and a folder of a black and a white
// picture.
func writeOverflowing(t *testing.T) (dir, model, weights string) {
	dir = t.TempDir()
	write := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fill := func(n int, v float32) []float32 { return slices.Repeat([]float32{v}, n) }
	var file bytes.Buffer
	err := safetensors.Write(&file, []safetensors.Tensor{
		safetensors.FromFloat32("conv1.weight", []int{16, 3, 3, 3}, fill(16*27, 1e25)),
		safetensors.FromFloat32("conv2.weight", []int{16, 16, 3, 3}, fill(16*16*9, 1e25)),
		safetensors.FromFloat32("fc.weight", []int{3, 16}, fill(48, 1)),
		safetensors.FromFloat32("fc.bias", []int{3}, []float32{1, 2, 3}),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, shade := range map[string]uint8{"set/a/1white.png": 255, "set/c/2black.png": 0} {
		m := image.NewGray(image.Rect(0, 0, 8, 8))
		for i := range m.Pix {
			m.Pix[i] = shade
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		write(name, b.Bytes())
	}
	return dir, write("net.res", []byte(overflowing)), write("w.safetensors", file.Bytes())
}

// TestNotFinite runs and evaluates a network whose outputs overflow: no class is printed
// and none is counted, and the layer is named.
func TestNotFinite(t *testing.T) {
	dir, model, weights := writeOverflowing(t)
	white, black := filepath.Join(dir, "set/a/1white.png"), filepath.Join(dir, "set/c/2black.png")
	const because = "1white.png: the outputs are not finite: the first values to overflow are those of conv2 (conv 3x3 16 pad 1, relu, "
	verb := func(status int, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		args = append(args, "--weights", weights)
		if got := run(args, &out, &errs); got != status {
			t.Errorf("%q: status %d, want %d\n%s%s", args, got, status, out.String(), errs.String())
		}
		return out.String(), errs.String()
	}

	for _, format := range []string{"text", "json", "csv"} {
		out, errs := verb(1, "run", model, white, black, "--format", format)
		if format == "json" {
			line, rest, _ := strings.Cut(out, "\n")
			if !strings.HasPrefix(line, `{"file":`) || !strings.Contains(line, `1white.png","error":"the outputs are not finite: the first`) || strings.Contains(line, "classes") {
				t.Errorf("run --format json prints\n%s", out)
			}
			out = rest
		}
		if strings.Contains(out, "white") || !strings.Contains(out, "2black.png") || strings.Contains(strings.ToLower(out), "nan") {
			t.Errorf("run --format %s prints\n%s", format, out)
		}
		if strings.Count(errs, "\n") != 1 || !strings.Contains(errs, because) || !strings.Contains(errs, "net.res:7:") {
			t.Errorf("run --format %s prints as errors\n%s", format, errs)
		}
	}

	// A crop that overflows is enough.
	if out, errs := verb(1, "run", model, white, "--crops", "5"); out != "" || !strings.Contains(errs, because) {
		t.Errorf("run --crops prints\n%s\n%s", out, errs)
	}

	// --output has the values as they are.
	output := filepath.Join(dir, "y.npy")
	out, errs := verb(0, "run", model, white, black, "--output", output)
	if strings.Contains(out, "white") || !strings.Contains(errs, "warning: the outputs are not finite") {
		t.Errorf("run --output prints\n%s\n%s", out, errs)
	}
	array, err := npy.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	values := array.AsFloat32()
	if len(values) != 6 || runtime.CheckFinite(values[:3]) == nil || values[3] != 1 || values[5] != 3 {
		t.Errorf("--output holds %v", values)
	}

	if out, _ := verb(0, "run", model, white, "--output", output, "--format", "json"); !strings.Contains(out, `"error":`) {
		t.Errorf("run --output --format json prints\n%s", out)
	}
	// Only what is read must be finite: the first output, unless all are written.
	two := filepath.Join(dir, "two.res")
	text := strings.NewReplacer("16 -> relu\n    conv2", "16 -> relu as a\n    conv2", "    avgpool", "    from a -> avgpool", "classes\n}", "classes\n    output fc\n    output big = conv2\n}").Replace(overflowing)
	if err := os.WriteFile(two, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, errs := verb(0, "run", two, white); !strings.Contains(out, " %") || errs != "" {
		t.Errorf("run with another output that is not finite prints\n%s\n%s", out, errs)
	}
	if out, errs := verb(0, "run", two, white, "--output", filepath.Join(dir, "y.npz")); out != "" || !strings.Contains(errs, "warning: the outputs are not finite") {
		t.Errorf("run --output y.npz prints\n%s\n%s", out, errs)
	}

	// An input that is not finite is named as such.
	input := filepath.Join(dir, "x.npy")
	nan := make([]float32, 3*8*8)
	nan[5] = float32(math.NaN())
	err = atomicfile.Write(input, func(w io.Writer) error { return npy.WriteFloat32(w, []int{1, 3, 8, 8}, nan) })
	if err != nil {
		t.Fatal(err)
	}
	if out, errs := verb(1, "run", model, "--input", input); out != "" || !strings.Contains(errs, "x.npy[0]: the outputs are not finite: the input has values") {
		t.Errorf("run --input prints\n%s\n%s", out, errs)
	}

	set := filepath.Join(dir, "set")
	out, errs = verb(1, "eval", model, set)
	if !strings.Contains(out, ": 1 images, not finite: 1 of 2\n") || !strings.Contains(out, "100.00 %, 1 of 1") || !strings.Contains(errs, because) {
		t.Errorf("eval prints\n%s\n%s", out, errs)
	}
	out, _ = verb(1, "eval", model, set, "--format", "json")
	var report struct {
		Images    int `json:"images"`
		NotFinite int `json:"not_finite"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Images != 1 || report.NotFinite != 1 {
		t.Errorf("eval --format json: %+v, %v", report, err)
	}
}
