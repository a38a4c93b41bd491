package safetensors

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/resc-lang/resc/internal/fixture/reference"
)

// sample is a file with every convertible type, a scalar and metadata.
func sample(t testing.TB) []byte {
	t.Helper()
	raw := func(name string, dtype DType, shape []int, data ...byte) Tensor {
		return NewTensor(name, dtype, shape, func() ([]byte, error) { return data, nil })
	}
	var b bytes.Buffer
	err := Write(&b, []Tensor{
		FromFloat32("f32", []int{2, 2}, []float32{1, -2, 0.5, float32(math.Inf(1))}),
		raw("f16", F16, []int{3}, 0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b),
		raw("bf16", BF16, []int{2}, 0x80, 0x3f, 0x00, 0xc0),
		raw("f64", F64, []int{1}, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f),
		raw("steps", "I64", nil, 7, 0, 0, 0, 0, 0, 0, 0),
		raw("odd", "U8", []int{3}, 1, 2, 3),
	}, map[string]string{"format": "pt"})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkSample checks a file that was opened from sample.
func checkSample(t *testing.T, f *File) {
	t.Helper()
	if want := []string{"bf16", "f16", "f32", "f64", "odd", "steps"}; !slices.Equal(f.Names(), want) {
		t.Errorf("names %v, want %v", f.Names(), want)
	}
	for name, want := range map[string][]float32{
		"f32":  {1, -2, 0.5, float32(math.Inf(1))},
		"f16":  {1, -2, 65504},
		"bf16": {1, -2},
		"f64":  {1.5},
	} {
		if got, _, err := f.Float32(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is %v, %v; want %v", name, got, err, want)
		}
	}
	if _, shape, _ := f.Float32("f32"); !slices.Equal(shape, []int{2, 2}) {
		t.Errorf("shape %v", shape)
	}
	if _, _, err := f.Float32("steps"); err == nil || !strings.Contains(err.Error(), `"steps" is I64`) {
		t.Errorf("I64 as float32: %v", err)
	}
	if _, _, err := f.Float32("absent"); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("absent tensor: %v", err)
	}
	if odd, ok := f.Tensor("odd"); !ok || odd.Len() != 3 {
		t.Errorf("tensor odd: %v, %v", odd, ok)
	} else if b, err := odd.Bytes(); err != nil || !bytes.Equal(b, []byte{1, 2, 3}) {
		t.Errorf("bytes %v, %v", b, err)
	}
	if v, ok := f.Metadata("format"); !ok || v != "pt" {
		t.Errorf("metadata %q, %v", v, ok)
	}
}

// onlySequential hides the random access of an fs.File.
type onlySequential struct{ fs.FS }

func (s onlySequential) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return struct{ fs.File }{f}, nil
}

func TestOpen(t *testing.T) {
	data := sample(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "x.safetensors")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	memory := fstest.MapFS{"x.safetensors": {Data: data}}
	for name, open := range map[string]func() (*File, error){
		"Open":                    func() (*File, error) { return Open(path) },
		"OpenFS of a directory":   func() (*File, error) { return OpenFS(os.DirFS(dir), "x.safetensors") },
		"OpenFS in memory":        func() (*File, error) { return OpenFS(memory, "x.safetensors") },
		"OpenFS without ReaderAt": func() (*File, error) { return OpenFS(onlySequential{memory}, "x.safetensors") },
		"OpenReader":              func() (*File, error) { return OpenReader(bytes.NewReader(data), int64(len(data))) },
		"OpenBytes":               func() (*File, error) { return OpenBytes(data) },
		"OpenBytes unaligned":     func() (*File, error) { return OpenBytes(append([]byte{0}, data...)[1:]) },
	} {
		t.Run(name, func(t *testing.T) {
			f, err := open()
			if err != nil {
				t.Fatal(err)
			}
			checkSample(t, f)
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if _, _, err := f.Float32("f32"); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
			if err := f.Close(); err != nil {
				t.Errorf("second Close: %v", err)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct{ path, want string }{
		"absent":    {filepath.Join(dir, "absent"), "no such file"},
		"directory": {dir, "not a regular file"},
		"empty":     {write("empty", ""), "too few"},
		"short":     {write("short", "abc"), "too few"},
		"text":      {write("text", "hello, world, this is text"), "header is said to take"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(test.path); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.path) {
				t.Errorf("error %v; want the path and %q", err, test.want)
			}
		})
	}
	if _, err := OpenFS(fstest.MapFS{}, "absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err := OpenFS(fstest.MapFS{"x": {Data: []byte("x")}}, "x"); err == nil || !strings.HasPrefix(err.Error(), "x: ") {
		t.Errorf("error %v", err)
	}
}

func TestReadShorterThanSaid(t *testing.T) {
	data := sample(t)
	for _, n := range []int{4, 20, len(data) - 1} {
		f, err := OpenReader(bytes.NewReader(data[:n]), int64(len(data)))
		if err == nil { // the header is whole, so the data fell short
			tensor, _ := f.Tensor("odd") // the last in the file
			_, err = tensor.Bytes()
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: error %v", n, len(data), err)
		}
	}
}

// TestRealFiles opens checkpoints that the reference implementation wrote.
func TestRealFiles(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(reference.Path(t, "data"), "*", "*.safetensors"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no checkpoints: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, shape, err := f.Float32("conv1.weight"); err != nil || !slices.Equal(shape, []int{16, 3, 3, 3}) {
				t.Errorf("conv1.weight has shape %v, %v", shape, err)
			}
			var tensors []Tensor
			for _, name := range f.Names() {
				tensor, _ := f.Tensor(name)
				tensors = append(tensors, tensor)
			}
			sameTensors(t, f, rewrite(t, tensors, f.metadata))
		})
	}
}
