package checkpoint

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// TestONNX reads a model's initialisers.
func TestONNX(t *testing.T) {
	weight := safetensors.FromFloat32("fc.weight", []int{1, 2}, []float32{1, 2})
	shape := onnx.FromIntegers("shape", 1, -1)
	save := func(name string, initializers ...*onnx.Tensor) string {
		var b bytes.Buffer
		if err := onnx.Write(&b, &onnx.Model{IRVersion: 8, Opset: 17, Graph: onnx.Graph{Name: "g", Initializers: initializers}}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f, err := Open(save("m.bin", &weight, &shape))
	if err != nil {
		t.Fatal(err)
	}
	if v, s, err := f.Float32("fc.weight"); err != nil || !slices.Equal(v, []float32{1, 2}) || !slices.Equal(s, []int{1, 2}) {
		t.Errorf("%v %v, %v", v, s, err)
	}
	if f.Format != "ONNX" || !slices.Equal(f.Names(), []string{"fc.weight"}) || !slices.Equal(f.Extras, []Extra{{"shape", "I64[2]"}}) {
		t.Errorf("%s, %v, %v", f.Format, f.Names(), f.Extras)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(save("none.onnx", &shape)); err == nil || !strings.Contains(err.Error(), "no weights") {
		t.Errorf("error %v", err)
	}
}
