package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// file is a version 1 file with that header and data.
func file(header string, data ...byte) []byte {
	b := append([]byte(magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	return append(append(b, header...), data...)
}

const float32One = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"

func TestRoundTrip(t *testing.T) {
	for _, shape := range [][]int{{}, {0}, {3}, {2, 3}, {1, 3, 130, 131}, {4, 0}} {
		n := 1
		for _, d := range shape {
			n *= d
		}
		single, double := make([]float32, n), make([]float64, n)
		for i := range n {
			single[i], double[i] = float32(i)/3, -float64(i)/3
		}
		var b bytes.Buffer
		if err := WriteFloat32(&b, shape, single); err != nil {
			t.Fatal(err)
		}
		if err := WriteFloat64(&b, shape, double); err != nil {
			t.Fatal(err)
		}
		x, err := Read(&b)
		if err != nil || !slices.Equal(x.Shape, shape) || !slices.Equal(x.Float32, single) || x.Float64 != nil {
			t.Fatalf("shape %v: float32 came back as %v, %v", shape, x, err)
		}
		y, err := Read(&b)
		if err != nil || !slices.Equal(y.Shape, shape) || !slices.Equal(y.Float64, double) || y.Float32 != nil {
			t.Fatalf("shape %v: float64 came back as %v, %v", shape, y, err)
		}
		if b.Len() != 0 {
			t.Errorf("shape %v: %d bytes left", shape, b.Len())
		}
		if !slices.Equal(x.AsFloat32(), single) || !slices.Equal(y.AsFloat64(), double) || len(x.AsFloat64()) != n || len(y.AsFloat32()) != n {
			t.Errorf("shape %v: conversions differ", shape)
		}
	}
}

// TestWriteLikeNumPy compares with the bytes of numpy.save (version 1.24).
func TestWriteLikeNumPy(t *testing.T) {
	var b bytes.Buffer
	if err := WriteFloat32(&b, []int{1, 2}, []float32{1, -2}); err != nil {
		t.Fatal(err)
	}
	header := "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
	want := append([]byte("\x93NUMPY\x01\x00\x76\x00"), header...)
	want = append(want, strings.Repeat(" ", 128-len(want)-1)+"\n"...)
	want = append(want, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0)
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("got  %q\nwant %q", b.Bytes(), want)
	}
}

func TestReadForms(t *testing.T) {
	one := []byte{0, 0, 0x80, 0x3f}
	wide := func(version byte) []byte {
		b := append([]byte(magic), version, 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(float32One)))
		return append(append(b, float32One...), one...)
	}
	for name, data := range map[string][]byte{
		"version 1":    file(float32One, one...),
		"version 2":    wide(2),
		"version 3":    wide(3),
		"any order":    file(`{"shape":(1,),"fortran_order":False,"descr":"<f4"}`, one...),
		"Python 2":     file("{'descr': '<f4', 'fortran_order': False, 'shape': (1L,), }   \n", one...),
		"big-endian":   file("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 0x3f, 0x80, 0, 0),
		"double, swap": file("{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }", 0x3f, 0xf0, 0, 0, 0, 0, 0, 0),
	} {
		a, err := Read(bytes.NewReader(data))
		if err != nil || !slices.Equal(a.Shape, []int{1}) || !slices.Equal(a.AsFloat32(), []float32{1}) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
}

var badFiles = map[string]struct {
	data []byte
	want string
}{
	"empty":           {nil, "unexpected EOF"},
	"not npy":         {[]byte("PK\x03\x04 a zip archive"), "not a .npy file"},
	"version":         {append([]byte(magic), 9, 0, 0, 0), "version 9"},
	"no length":       {append([]byte(magic), 1, 0, 5), "unexpected EOF"},
	"no length, wide": {append([]byte(magic), 2, 0, 5), "unexpected EOF"},
	"huge header":     {append([]byte(magic), 2, 0, 255, 255, 255, 255), "the limit is"},
	"cut header":      {append([]byte(magic), 1, 0, 9, 0, '{'), "unexpected EOF"},
	"empty header":    {file(""), "expected {"},
	"no dictionary":   {file("[]"), "expected {"},
	"unclosed":        {file("{'descr': '<f4'"), "expected }"},
	"unclosed string": {file("{'descr: 1"), "plain string"},
	"escape":          {file(`{'des\'cr': 1}`), "plain string"},
	"missing key":     {file("{'descr': '<f4', 'shape': (1,)}"), "must be descr, fortran_order and shape"},
	"key twice":       {file("{'descr': '<f4', 'descr': '<f8'}"), "twice"},
	"other key":       {file("{'colour': 1}"), `"colour"`},
	"text after":      {file(float32One + "x"), "after the dictionary"},
	"integers":        {file("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }"), `"<i8"; only float32`},
	"structured":      {file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"), "structured"},
	"Fortran order":   {file("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }"), "ascontiguousarray"},
	"order unknown":   {file("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }"), "expected False"},
	"negative":        {file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), "expected a size"},
	"size overflows":  {file("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"), "expected a size"},
	"shape overflows": {file("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2), }"), "overflows"},
	"bytes overflow":  {file("{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,), }"), "overflows"},
	"no tuple":        {file("{'descr': '<f4', 'fortran_order': False, 'shape': 1, }"), "expected ("},
	"unclosed tuple":  {file("{'descr': '<f4', 'fortran_order': False, 'shape': (1"), "expected )"},
	"cut data":        {file(float32One, 0, 0), "unexpected EOF"},
	"far more data":   {file("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }", 1, 2, 3, 4), "unexpected EOF"},
}

func TestBadFiles(t *testing.T) {
	for name, test := range badFiles {
		if a, err := Read(bytes.NewReader(test.data)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, error %v; want %q", name, a, err, test.want)
		}
	}
	if _, err := Read(bytes.NewReader(badFiles["cut data"].data)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v is not io.ErrUnexpectedEOF", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file(float32One, 0, 0, 0x80, 0x3f))
	for _, bad := range badFiles {
		f.Add(bad.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		n := 1
		for _, d := range a.Shape {
			n *= d
		}
		if len(a.AsFloat32()) != n || 4*n > len(data) {
			t.Fatalf("%d values of shape %v from %d bytes", len(a.AsFloat32()), a.Shape, len(data))
		}
	})
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	good := file(float32One, 0, 0, 0x80, 0x3f)
	for _, test := range []struct {
		data []byte
		want string // error
	}{{good, ""}, {append(good, 0), "goes on after"}, {good[:len(good)-1], "unexpected EOF"}} {
		if err := os.WriteFile(path, test.data, 0o644); err != nil {
			t.Fatal(err)
		}
		a, err := ReadFile(path)
		switch {
		case test.want == "" && (err != nil || a.Float32[0] != 1):
			t.Errorf("%v, %v", a, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path)):
			t.Errorf("error %v; want %q", err, test.want)
		}
	}
	if _, err := ReadFile(path + ".absent"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestWriteErrors(t *testing.T) {
	for name, test := range map[string]struct {
		shape []int
		want  string
	}{
		"count":    {[]int{2}, "1 values for shape (2,)"},
		"negative": {[]int{-1}, "negative"},
		"overflow": {[]int{math.MaxInt, 4}, "overflows"},
		"rank":     {slices.Repeat([]int{1}, 40000), "too many"},
	} {
		if err := WriteFloat32(io.Discard, test.shape, []float32{1}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want %q", name, err, test.want)
		}
	}
}
