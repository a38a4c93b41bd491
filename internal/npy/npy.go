// Package npy reads and writes NumPy's .npy files of float32 and float64, in C
// order. See numpy/lib/format.py for the format.
package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/internal/source"
)

const (
	magic     = "\x93NUMPY"
	maxHeader = 1 << 16 // bytes; NumPy itself stops at 10,000
	alignment = 64      // of the data in the file
)

// Array is an n-dimensional array in row-major order. One of Float32 and
// Float64 holds its values, as the file did; the other is nil.
type Array struct {
	Shape   []int // empty for a scalar
	Float32 []float32
	Float64 []float64
}

// AsFloat32 returns the values as float32, rounded to nearest if need be.
func (a *Array) AsFloat32() []float32 {
	if a.Float64 == nil {
		return a.Float32
	}
	return convert[float32](a.Float64)
}

// AsFloat64 returns the values as float64, exactly.
func (a *Array) AsFloat64() []float64 {
	if a.Float64 != nil {
		return a.Float64
	}
	return convert[float64](a.Float32)
}

func convert[To, From float32 | float64](from []From) []To {
	to := make([]To, len(from))
	for i, v := range from {
		to[i] = To(v)
	}
	return to
}

// ReadFile reads the file at path, which must end where its array does. It may be a pipe,
// or "-" for standard input. An array may have 4 GiB.
func ReadFile(path string) (*Array, error) {
	f, err := source.Stream(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	a, err := read(r, maxArray)
	if err == nil {
		if _, end := r.ReadByte(); end != io.EOF {
			err = fmt.Errorf("npy: the file goes on after its array")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// Read reads one array, up to its last byte. Memory grows with the bytes that
// arrive, whatever the header says. Fortran order, and elements that are not
// float32 or float64, are errors.
func Read(r io.Reader) (*Array, error) { return read(r, math.MaxInt64) }

// read is Read of an array of at most so many bytes.
func read(r io.Reader, most int64) (*Array, error) {
	h, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	n, err := h.count()
	if err != nil {
		return nil, err
	}
	if int64(n) > most/int64(h.size) {
		return nil, fmt.Errorf("npy: an array of shape %s takes more than the %d bytes that are read", formatShape(h.shape), most)
	}
	a := &Array{Shape: h.shape}
	if h.size == 4 {
		a.Float32, err = readValues(r, n, 4, func(b []byte) float32 { return math.Float32frombits(h.order.Uint32(b)) })
	} else {
		a.Float64, err = readValues(r, n, 8, func(b []byte) float64 { return math.Float64frombits(h.order.Uint64(b)) })
	}
	if err != nil {
		return nil, fmt.Errorf("npy: array of shape %s: %w", formatShape(h.shape), err)
	}
	return a, nil
}

// readValues reads n values of size bytes, a buffer at a time.
func readValues[T float32 | float64](r io.Reader, n, size int, decode func([]byte) T) ([]T, error) {
	buffer := make([]byte, min(n*size, 1<<16))
	values := make([]T, 0, len(buffer)/size)
	for len(values) < n {
		chunk := buffer[:min(len(buffer), (n-len(values))*size)]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return nil, truncated(err)
		}
		for ; len(chunk) > 0; chunk = chunk[size:] {
			values = append(values, decode(chunk))
		}
	}
	return values, nil
}

// truncated makes the end of a file an error that says so.
func truncated(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// count is the number of elements, or an error where their bytes cannot be
// counted.
func (h *header) count() (int, error) {
	n := uint64(1)
	for _, d := range h.shape {
		high, low := bits.Mul64(n, uint64(d))
		if high != 0 {
			return 0, fmt.Errorf("npy: shape %s overflows", formatShape(h.shape))
		}
		n = low
	}
	if n > math.MaxInt/uint64(h.size) {
		return 0, fmt.Errorf("npy: shape %s overflows", formatShape(h.shape))
	}
	return int(n), nil
}

// WriteFloat32 writes values, in row-major order, as an array of that shape.
// The bytes are those that NumPy writes.
func WriteFloat32(w io.Writer, shape []int, values []float32) error {
	return write(w, "<f4", shape, len(values), func(b []byte, i int) []byte {
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(values[i]))
	})
}

// WriteFloat32Header writes what stands before the values of an array, which the
// caller writes behind it: in row-major order and little-endian.
func WriteFloat32Header(w io.Writer, shape []int) error {
	b, err := formatHeader("<f4", shape)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// WriteFloat64 is WriteFloat32 for float64.
func WriteFloat64(w io.Writer, shape []int, values []float64) error {
	return write(w, "<f8", shape, len(values), func(b []byte, i int) []byte {
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(values[i]))
	})
}

// write writes n values that appendValue encodes.
func write(w io.Writer, descr string, shape []int, n int, appendValue func(b []byte, i int) []byte) error {
	h := header{shape: shape, size: 8}
	for _, d := range shape {
		if d < 0 {
			return fmt.Errorf("npy: shape %s has a negative dimension", formatShape(shape))
		}
	}
	if count, err := h.count(); err != nil {
		return err
	} else if count != n {
		return fmt.Errorf("npy: %d values for shape %s", n, formatShape(shape))
	}
	b, err := formatHeader(descr, shape)
	if err != nil {
		return err
	}
	for i := range n {
		b = appendValue(b, i)
		if len(b) >= 1<<16 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	_, err = w.Write(b)
	return err
}

// formatHeader is everything before the data, as version 1.
func formatHeader(descr string, shape []int) ([]byte, error) {
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, formatShape(shape))
	const prefix = len(magic) + 2 + 2
	pad := alignment - (prefix+len(text)+1)%alignment
	if pad == alignment {
		pad = 0
	}
	text += strings.Repeat(" ", pad) + "\n"
	if len(text) > math.MaxUint16 {
		return nil, fmt.Errorf("npy: %d dimensions are too many", len(shape))
	}
	b := append([]byte(magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return append(b, text...), nil
}

// formatShape writes a shape as Python writes a tuple.
func formatShape(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
