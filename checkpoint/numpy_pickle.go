package checkpoint

import (
	"errors"
	"fmt"

	"github.com/resc-lang/resc/checkpoint/internal/pickle"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// arrayTypes are NumPy's types of elements, by kind and size.
var arrayTypes = map[string]elements{
	"f4": {safetensors.F32, 4}, "f8": {safetensors.F64, 8}, "f2": {safetensors.F16, 2},
	"i8": {"I64", 8}, "i4": {"I32", 4}, "i2": {"I16", 2}, "i1": {"I8", 1},
	"u8": {"U64", 8}, "u4": {"U32", 4}, "u2": {"U16", 2}, "u1": {"U8", 1}, "b1": {"BOOL", 1},
}

// arrayType is numpy.dtype.
type arrayType struct {
	name  string // kind and size: "f4"
	order string // of bytes; "" until it is known
}

func newArrayType(args pickle.Tuple) (any, error) {
	name, err := argument[string](args, 0)
	return &arrayType{name: name}, err
}

// Build takes the state (version, order of bytes, …).
func (t *arrayType) Build(state any) error {
	tuple, _ := state.(pickle.Tuple)
	order, err := argument[string](tuple, 1)
	t.order = order
	return err
}

// array is a numpy.ndarray, whose bytes are in the pickle.
type array struct {
	dtype   *arrayType
	shape   []int
	columns bool // the first index runs fastest
	data    any  // pickle.Bytes, or a string of Python 2
}

func newArray(pickle.Tuple) (any, error) { return &array{}, nil }

// Build takes the state (version, shape, type, is Fortran's order, bytes).
func (a *array) Build(state any) error {
	tuple, _ := state.(pickle.Tuple)
	var err error
	if a.shape, err = sizes(tuple, 1); err != nil {
		return err
	}
	if a.dtype, err = argument[*arrayType](tuple, 2); err != nil {
		return err
	}
	if a.columns, err = argument[bool](tuple, 3); err != nil {
		return err
	}
	a.data, err = argument[any](tuple, 4)
	return err
}

// tensor gives the array a name.
func (a *array) tensor(name string) (t safetensors.Tensor, err error) {
	if a.dtype == nil {
		return t, errors.New("it has no contents")
	}
	kind, ok := arrayTypes[a.dtype.name]
	if !ok || a.dtype.order == ">" {
		return t, fmt.Errorf("its elements are %q", a.dtype.order+a.dtype.name)
	}
	var size int64
	var read func() []byte
	switch data := a.data.(type) {
	case pickle.Bytes:
		size, read = int64(len(data)), func() []byte { return data }
	case string: // which is copied when it is asked for: many arrays may share it
		size, read = int64(len(data)), func() []byte { return []byte(data) }
	default: // arrays of objects have a list
		return t, errors.New("its values are no bytes")
	}
	v := rowMajor(a.shape, a.columns)
	v.on = &storage{dtype: kind.dtype, width: kind.width, count: size / kind.width}
	if err := v.check(); err != nil {
		return t, err
	}
	if v.len()*kind.width != size {
		return t, fmt.Errorf("%d bytes for a shape of %v", size, a.shape)
	}
	return safetensors.NewTensor(name, kind.dtype, a.shape, func() ([]byte, error) {
		return v.rows(read()), nil
	}), nil
}

// rowMajor is the view of a whole array, whose last index runs fastest, or with
// columns its first.
func rowMajor(shape []int, columns bool) *view {
	v := &view{shape: shape, stride: make([]int64, len(shape))}
	next := int64(1)
	for i := range shape {
		if !columns {
			i = len(shape) - 1 - i
		}
		v.stride[i] = next
		next *= int64(shape[i])
	}
	return v
}

// rows is the array's bytes, which are data, in row-major order.
func (v *view) rows(data []byte) []byte {
	if v.contiguous() || len(data) == 0 {
		return data
	}
	return gather(data, v.on.width, v.shape, v.stride)
}
