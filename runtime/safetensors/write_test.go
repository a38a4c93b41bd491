package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// rewrite writes tensors and opens what was written.
func rewrite(t *testing.T, tensors []Tensor, metadata map[string]string) *File {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	f, err := OpenBytes(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sameTensors checks that two files have equal tensors.
func sameTensors(t *testing.T, a, b *File) {
	t.Helper()
	if !slices.Equal(a.Names(), b.Names()) {
		t.Fatalf("names %q and %q", a.Names(), b.Names())
	}
	for _, name := range a.Names() {
		x, _ := a.Tensor(name)
		y, _ := b.Tensor(name)
		p, err1 := x.Bytes()
		q, err2 := y.Bytes()
		if err1 != nil || err2 != nil || !bytes.Equal(p, q) || x.DType != y.DType || !slices.Equal(x.Shape, y.Shape) {
			t.Errorf("tensor %q differs: %v %v, %v %v", name, x, err1, y, err2)
		}
	}
}

func TestWriteIsCanonical(t *testing.T) {
	tensors := []Tensor{
		FromFloat32("b", []int{1}, []float32{2}),
		NewTensor("half", F16, []int{1}, func() ([]byte, error) { return []byte{0, 0x3c}, nil }),
		FromFloat32("a", nil, []float32{1}),
	}
	var first, second bytes.Buffer
	if err := Write(&first, tensors, map[string]string{"z": "1", "y": "2"}); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(tensors)
	if err := Write(&second, tensors, map[string]string{"y": "2", "z": "1"}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the order of the tensors shows")
	}
	n := binary.LittleEndian.Uint64(first.Bytes())
	if n%8 != 0 {
		t.Errorf("a header of %d bytes", n)
	}
	const want = `{"__metadata__":{"y":"2","z":"1"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"half":{"dtype":"F16","shape":[1],"data_offsets":[8,10]}}`
	if got := strings.TrimRight(string(first.Bytes()[8:8+n]), " "); got != want {
		t.Errorf("header\n%s\nwant\n%s", got, want)
	}
	if data := first.Bytes()[8+n:]; !bytes.Equal(data, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0x3c}) {
		t.Errorf("data % x", data)
	}
}

func TestWriteErrors(t *testing.T) {
	broken := errors.New("broken")
	bytesOf := func(n int) func() ([]byte, error) {
		return func() ([]byte, error) { return make([]byte, n), nil }
	}
	for name, test := range map[string]struct {
		tensors []Tensor
		want    string
	}{
		"name twice":   {[]Tensor{FromFloat32("w", []int{0}, nil), FromFloat32("w", []int{0}, nil)}, `"w" is taken`},
		"metadata":     {[]Tensor{FromFloat32("__metadata__", []int{0}, nil)}, "is taken"},
		"not UTF-8":    {[]Tensor{FromFloat32("\xff", []int{0}, nil)}, "not UTF-8"},
		"unknown type": {[]Tensor{NewTensor("w", "F31", nil, bytesOf(4))}, "F31"},
		"negative":     {[]Tensor{FromFloat32("w", []int{-1}, nil)}, "negative"},
		"overflow":     {[]Tensor{FromFloat32("w", []int{math.MaxInt, math.MaxInt}, nil)}, "overflows"},
		"wrong size":   {[]Tensor{FromFloat32("w", []int{2}, make([]float32, 3))}, "12 bytes of data, but F32[2] takes 8"},
		"load fails":   {[]Tensor{NewTensor("w", F32, nil, func() ([]byte, error) { return nil, broken })}, "broken"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Write(new(bytes.Buffer), test.tensors, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want %q", err, test.want)
			}
		})
	}
}

// failAfter is a full disk: it takes n writes.
type failAfter struct{ n int }

func (w *failAfter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestWriteReportsTheWriter(t *testing.T) {
	for n := range 2 {
		if err := Write(&failAfter{n}, []Tensor{FromFloat32("w", nil, []float32{1})}, nil); err == nil || err.Error() != "disk full" {
			t.Errorf("after %d writes: error %v", n, err)
		}
	}
}

func TestNew(t *testing.T) {
	f, err := New(FromFloat32("b", []int{2}, []float32{1, 2}), FromFloat32("a", nil, []float32{3}))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.Names(), []string{"a", "b"}) {
		t.Errorf("names %v", f.Names())
	}
	if v, shape, err := f.Float32("b"); err != nil || !slices.Equal(v, []float32{1, 2}) || !slices.Equal(shape, []int{2}) {
		t.Errorf("b is %v %v, %v", v, shape, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := New(FromFloat32("a", nil, nil), FromFloat32("a", nil, nil)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("error %v", err)
	}
}

// TestHalf compares every binary16 with its value by definition.
func TestHalf(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		exponent, fraction := int(h>>10&0x1f), float64(h&0x3ff)
		var want float64
		switch exponent {
		case 0:
			want = math.Ldexp(fraction, -24)
		case 31:
			want = math.Inf(1)
			if fraction != 0 {
				want = math.NaN()
			}
		default:
			want = math.Ldexp(1024+fraction, exponent-25)
		}
		if h>>15 == 1 {
			want = -want
		}
		got := fromHalf(h)
		if float64(got) != want && !(math.IsNaN(want) && got != got) || math.Signbit(float64(got)) != (h>>15 == 1) {
			t.Fatalf("%#04x is %v, want %v", h, got, want)
		}
	}
}
