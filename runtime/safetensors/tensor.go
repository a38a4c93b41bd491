package safetensors

import (
	"fmt"
	"math"
	"math/bits"
)

// Tensor is one named tensor, whose bytes are fetched when they are asked for.
type Tensor struct {
	Name   string
	DType  DType
	Shape  []int // row-major; empty for a scalar
	load   func() ([]byte, error)
	forget func() // nil for nothing
}

// NewTensor makes a tensor of little-endian, row-major bytes that load returns
// each time they are needed.
func NewTensor(name string, dtype DType, shape []int, load func() ([]byte, error)) Tensor {
	return Tensor{Name: name, DType: dtype, Shape: shape, load: load}
}

// FromFloat32 makes an F32 tensor of values in row-major order. It keeps the
// slice.
func FromFloat32(name string, shape []int, values []float32) Tensor {
	return NewTensor(name, F32, shape, func() ([]byte, error) { return Float32Bytes(values), nil })
}

// Len is the number of elements. It does not overflow for a tensor of a File.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Bytes returns the tensor's bytes, row-major and little-endian. They may be
// the file's own memory: do not write to them, nor use them after File.Close.
func (t Tensor) Bytes() ([]byte, error) {
	size, err := byteSize(t.DType, t.Shape)
	if err != nil {
		return nil, fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
	}
	data, err := t.load()
	if err != nil {
		return nil, fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
	}
	if uint64(len(data)) != size {
		return nil, fmt.Errorf("safetensors: tensor %q: %d bytes of data, but %s%v takes %d", t.Name, len(data), t.DType, t.Shape, size)
	}
	return data, nil
}

// Forget says that the tensor's bytes are not needed for now. Where they are a
// mapped file's own, their memory no longer counts as the process's; it is filled
// from the file again when they are read, through slices from before as well.
func (t Tensor) Forget() {
	if t.forget != nil {
		t.forget()
	}
}

// Float32 returns the tensor's elements, row-major, converted from F64 (rounded
// to nearest), F32, F16 or BF16; any other type is an error. They may be the
// file's own memory: do not write to them, nor use them after File.Close.
func (t Tensor) Float32() ([]float32, error) {
	if !t.DType.Convertible() {
		return nil, fmt.Errorf("safetensors: tensor %q is %s; only F64, F32, F16 and BF16 convert to float32", t.Name, t.DType)
	}
	data, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	return toFloat32(t.DType, data), nil
}

// byteSize is the number of bytes that a tensor takes, or an error where the
// type is unknown, a dimension is negative, or the size does not fit an int.
func byteSize(dtype DType, shape []int) (uint64, error) {
	if dtype.bits() == 0 {
		return 0, fmt.Errorf("unknown dtype %q", string(dtype))
	}
	total := dtype.bits()
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		high, low := bits.Mul64(total, uint64(d))
		if high != 0 || low > math.MaxInt64 {
			return 0, fmt.Errorf("%s%v overflows", dtype, shape)
		}
		total = low
	}
	if total%8 != 0 {
		return 0, fmt.Errorf("%s%v does not end at a byte", dtype, shape)
	}
	if total/8 > math.MaxInt {
		return 0, fmt.Errorf("%s%v does not fit this machine's memory", dtype, shape)
	}
	return total / 8, nil
}
