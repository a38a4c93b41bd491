package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// stored is a tensor's values as its message holds them: raw bytes, or chunks
// of a typed field, which is packed unless the writer was very old.
type stored struct {
	raw      []byte
	hasRaw   bool
	typed    [][]byte
	varints  bool
	size     int // bytes of one element of a typed field that is no varint
	external []Property
	outside  bool
}

// tensor reads an initialiser or a constant.
func (r *reader) tensor(data []byte) (*Tensor, error) {
	var (
		name  string
		dims  []int64
		dtype safetensors.DType
		s     stored
	)
	err := r.fields(data, func(x field) (err error) {
		switch x.num {
		case 1:
			dims, err = r.integers(x, dims)
		case 2:
			dtype, err = elementType(x.number)
		case 3:
			err = errors.New("it is a segment of a tensor, which is not read")
		case 4:
			err = r.typed(&s, x, protowire.Fixed32Type, 4)
		case 5, 7, 11:
			err = r.typed(&s, x, protowire.VarintType, 0)
		case 8:
			name, err = r.name(x)
		case 9:
			s.hasRaw = true
			s.raw, err = x.message()
		case 10:
			err = r.typed(&s, x, protowire.Fixed64Type, 8)
		case 13:
			var p Property
			if p, err = r.property(x, maxName); err == nil {
				s.external = append(s.external, p)
			}
		case 14:
			var where int64
			where, err = x.integer()
			s.outside = where == 1
		}
		return err
	})
	var t Tensor
	if err == nil {
		t, err = r.finish(name, dtype, dims, s)
	}
	if err != nil {
		return nil, fmt.Errorf("tensor %q: %w", name, err)
	}
	return &t, nil
}

// typed keeps a chunk of a typed field.
func (r *reader) typed(s *stored, x field, single protowire.Type, size int) error {
	if s.typed != nil && (s.varints != (size == 0) || s.size != size) {
		return errors.New("it has values of two types")
	}
	s.varints, s.size = size == 0, size
	data := x.data
	switch x.typ {
	case protowire.BytesType:
	case single:
		switch size {
		case 0:
			data = protowire.AppendVarint(nil, x.number)
		case 4:
			data = binary.LittleEndian.AppendUint32(nil, uint32(x.number))
		case 8:
			data = binary.LittleEndian.AppendUint64(nil, x.number)
		}
	default:
		return fmt.Errorf("field %d is not what ONNX says", x.num)
	}
	s.typed = append(s.typed, data)
	return r.part(1)
}

// finish checks a tensor's size against what is stored of it.
func (r *reader) finish(name string, dtype safetensors.DType, dims []int64, s stored) (Tensor, error) {
	if dtype == "" {
		return Tensor{}, errors.New("it has no element type")
	}
	if len(dims) > maxRank {
		return Tensor{}, fmt.Errorf("it has more than %d dimensions", maxRank)
	}
	shape := make([]int, len(dims))
	elements, width := uint64(1), elementBytes(dtype)
	for i, d := range dims {
		high, low := bits.Mul64(elements, uint64(max(d, 0)))
		if d < 0 || high != 0 || low > 1<<40 {
			return Tensor{}, fmt.Errorf("its shape %v is not possible", dims)
		}
		shape[i], elements = int(d), low
	}
	size := elements * uint64(width)
	wrong := func(have uint64, what string) error {
		return fmt.Errorf("it has %d %s of values, but %s%v takes %d", have, what, dtype, dims, size)
	}
	make := func(load func() ([]byte, error)) (Tensor, error) {
		return safetensors.NewTensor(name, dtype, shape, load), nil
	}
	total := uint64(0)
	for _, c := range s.typed {
		total += uint64(len(c))
	}
	switch {
	case s.outside:
		load, err := r.external.values(s.external, size)
		if err != nil {
			return Tensor{}, err
		}
		return make(load)
	case s.hasRaw && s.typed != nil:
		return Tensor{}, errors.New("it has its values twice")
	case s.hasRaw || s.typed == nil:
		if uint64(len(s.raw)) != size {
			return Tensor{}, wrong(uint64(len(s.raw)), "bytes")
		}
		return make(func() ([]byte, error) { return s.raw, nil })
	case s.varints:
		if total < elements {
			return Tensor{}, wrong(total, "bytes at most")
		}
		return make(func() ([]byte, error) { return s.fromVarints(int(elements), width) })
	}
	if s.size != width || total != size {
		return Tensor{}, wrong(total, "bytes")
	}
	return make(func() ([]byte, error) {
		if len(s.typed) == 1 {
			return s.typed[0], nil
		}
		return slices.Concat(s.typed...), nil
	})
}

// fromVarints are the elements of a typed field of integers, which holds halves
// by their bits too.
func (s stored) fromVarints(elements, width int) ([]byte, error) {
	values := make([]byte, 0, elements*width)
	for _, chunk := range s.typed {
		for len(chunk) > 0 {
			v, n := protowire.ConsumeVarint(chunk)
			if n < 0 || len(values) == cap(values) {
				return nil, errors.New("its values are cut short, or too many")
			}
			chunk = chunk[n:]
			for i := range width {
				values = append(values, byte(v>>(8*i)))
			}
		}
	}
	if len(values) != elements*width {
		return nil, fmt.Errorf("it has %d values, but its shape says %d", len(values)/width, elements)
	}
	return values, nil
}

// elementBytes is the size of an element.
func elementBytes(t safetensors.DType) int {
	switch t {
	case "U8", "I8", "BOOL":
		return 1
	case "U16", "I16", safetensors.F16, safetensors.BF16:
		return 2
	case "I64", "U64", safetensors.F64:
		return 8
	}
	return 4
}

// Integers are a tensor's elements, which must be 64- or 32-bit integers; more
// than limit are an error.
func Integers(t *Tensor, limit int) ([]int64, error) {
	if t.Len() > limit {
		return nil, fmt.Errorf("%d values, and at most %d are possible", t.Len(), limit)
	}
	data, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	var v []int64
	switch t.DType {
	case I64:
		for ; len(data) > 0; data = data[8:] {
			v = append(v, int64(binary.LittleEndian.Uint64(data)))
		}
	case "I32":
		for ; len(data) > 0; data = data[4:] {
			v = append(v, int64(int32(binary.LittleEndian.Uint32(data))))
		}
	default:
		return nil, fmt.Errorf("values are %s and not integers", t.DType)
	}
	return v, nil
}

// FromIntegers makes a tensor of 64-bit integers: a vector.
func FromIntegers(name string, v ...int64) Tensor {
	return safetensors.NewTensor(name, I64, []int{len(v)}, func() ([]byte, error) {
		var data []byte
		for _, x := range v {
			data = binary.LittleEndian.AppendUint64(data, uint64(x))
		}
		return data, nil
	})
}
