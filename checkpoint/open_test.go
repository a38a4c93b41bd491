package checkpoint

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/golden"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// expectedTensor is a tensor as PyTorch or NumPy read it.
type expectedTensor struct {
	DType  string
	Shape  []int
	Values []float64
}

// expected is what testdata/make.py wrote beside its files.
func expected(t *testing.T) map[string]map[string]expectedTensor {
	t.Helper()
	text, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]expectedTensor
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// names of PyTorch's types, as safetensors spells them.
var spelled = map[string]safetensors.DType{
	"float32": "F32", "float64": "F64", "float16": "F16", "bfloat16": "BF16",
	"int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
}

// numbers reads elements of any real type as float64.
func numbers(t *testing.T, x safetensors.Tensor) []float64 {
	t.Helper()
	data, err := x.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var values []float64
	if x.DType.Convertible() && x.DType != safetensors.F64 {
		single, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range single {
			values = append(values, float64(v))
		}
		return values
	}
	width := 1
	if x.Len() > 0 {
		width = len(data) / x.Len()
	}
	for ; len(data) > 0; data = data[width:] {
		var b [8]byte
		copy(b[:], data[:width])
		n := binary.LittleEndian.Uint64(b[:])
		switch shift := 64 - 8*width; {
		case x.DType == safetensors.F64:
			values = append(values, math.Float64frombits(n))
		case x.DType[0] == 'I':
			values = append(values, float64(int64(n<<shift)>>shift))
		default:
			values = append(values, float64(n))
		}
	}
	return values
}

// TestFiles opens what PyTorch and NumPy wrote and compares every value with what
// they read themselves.
func TestFiles(t *testing.T) {
	all := expected(t)
	if len(all) < 15 {
		t.Fatalf("only %d files are expected", len(all))
	}
	for name, want := range all {
		t.Run(name, func(t *testing.T) {
			f, err := Open(filepath.Join("testdata/files", name))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for n := range want {
				names = append(names, n)
			}
			slices.Sort(names)
			if !slices.Equal(f.Names(), names) {
				t.Fatalf("names %q, want %q", f.Names(), names)
			}
			for n, w := range want {
				x, _ := f.Tensor(n)
				if x.DType != spelled[w.DType] || !slices.Equal(x.Shape, w.Shape) {
					t.Errorf("%s is %s%v, want %s%v", n, x.DType, x.Shape, w.DType, w.Shape)
				} else if got := numbers(t, x); !slices.Equal(got, w.Values) {
					t.Errorf("%s is %v, want %v", n, got, w.Values)
				}
			}
			x, _ := f.Tensor(names[0])
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if x.Len() > 0 && f.Format != "pickle" { // whose arrays are in memory
				if _, err := x.Bytes(); !errors.Is(err, fs.ErrClosed) {
					t.Errorf("after Close: %v", err)
				}
			}
		})
	}
}

// TestOpened lists what each file is taken for, and what is no tensor in it or
// why it is refused.
func TestOpened(t *testing.T) {
	golden.Run(t, "testdata/opened.txtar", func(t *golden.Test) {
		paths, err := filepath.Glob("testdata/files/*")
		if err != nil {
			t.Fatal(err)
		}
		out := t.Section("opened")
		for _, path := range paths {
			name := filepath.Base(path)
			f, err := Open(path)
			if err != nil {
				fmt.Fprintf(out, "%s: error: %s\n", name, strings.TrimPrefix(err.Error(), path+": "))
				continue
			}
			fmt.Fprintf(out, "%s: %s, %d tensors\n", name, f.Format, len(f.Names()))
			for _, e := range f.Extras {
				fmt.Fprintf(out, "\t%s: %s\n", e.Name, e.Value)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestNoCheckpoint opens what people pass for a checkpoint.
func TestNoCheckpoint(t *testing.T) {
	for _, x := range []struct{ contents, want string }{
		{"", "the file is empty"},
		{"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no checkpoint: PyTorch's, safetensors"},
		{"short", "no checkpoint"},
		{"\x93NUMPY\x01\x00\x76\x00{'descr'", "one NumPy array"},
		{"\x20\x00\x00\x00\x00\x00\x00\x00{}", "safetensors: the header is said to take 32 bytes"},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte(x.contents), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), x.want) || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%q: error %v, want %q", x.contents, err, x.want)
		}
		if _, err := OpenReader(strings.NewReader(x.contents), int64(len(x.contents))); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%q: error of Read %v, want %q", x.contents, err, x.want)
		}
	}
}
