package checkpoint

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// storage is a run of elements in a file, on which tensors are views.
type storage struct {
	src    *source.Source
	dtype  safetensors.DType
	width  int64 // bytes of an element
	count  int64 // elements
	offset int64 // of the first byte in the file; -1 while it is not known

	root  *storage // what this is a part of, or the bytes it lies in; nil for none
	shift int64    // elements before this one's first
}

// at is where an element lies in the file.
func (s *storage) at(element int64) (int64, error) {
	if s.root != nil {
		begin, err := s.root.at(0)
		return begin + (s.shift+element)*s.width, err
	}
	if s.offset < 0 {
		return 0, errors.New("the file lacks its values")
	}
	return s.offset + element*s.width, nil
}

// view is a tensor on a storage: element (i, j, …) is at offset + i·stride[0] +
// j·stride[1] + …
type view struct {
	on     *storage
	offset int64
	shape  []int
	stride []int64
}

// repeats bounds the elements of a view that shows some of its storage more than
// once, such as an expanded tensor: a few bytes could otherwise say any size.
const repeats = 1 << 24

// check proves that every element is in the storage, and bounds their number.
func (v *view) check() error {
	if len(v.shape) != len(v.stride) || len(v.shape) > maxSizes {
		return fmt.Errorf("a tensor of %d sizes and %d strides", len(v.shape), len(v.stride))
	}
	count, last := uint64(1), uint64(v.offset)
	empty := false
	for i, d := range v.shape {
		if d < 0 || v.stride[i] < 0 || v.offset < 0 {
			return fmt.Errorf("a tensor of shape %v, strides %v and offset %d", v.shape, v.stride, v.offset)
		}
		if d == 0 {
			empty = true
			continue
		}
		high, n := bits.Mul64(count, uint64(d))
		reachHigh, reach := bits.Mul64(uint64(d-1), uint64(v.stride[i]))
		sum, carry := bits.Add64(last, reach, 0)
		if high|reachHigh|carry != 0 || n > 1<<62 || sum > 1<<62 {
			return fmt.Errorf("a tensor of shape %v and strides %v overflows", v.shape, v.stride)
		}
		count, last = n, sum
	}
	if empty {
		return nil
	}
	if v.offset < 0 || last >= uint64(v.on.count) {
		return fmt.Errorf("a tensor of shape %v, strides %v and offset %d leaves its storage of %d elements", v.shape, v.stride, v.offset, v.on.count)
	}
	if count > uint64(v.on.count) && count > repeats {
		return fmt.Errorf("a tensor of %d elements on a storage of %d: at most %d may be repeats", count, v.on.count, repeats)
	}
	return nil
}

// len is the number of elements of a view that was checked.
func (v *view) len() int64 {
	n := int64(1)
	for _, d := range v.shape {
		n *= int64(d)
	}
	return n
}

// contiguous reports whether the elements lie in row-major order without gaps.
func (v *view) contiguous() bool {
	expected := int64(1)
	for i := len(v.shape) - 1; i >= 0; i-- {
		if v.shape[i] != 1 && v.stride[i] != expected {
			return false
		}
		expected *= int64(v.shape[i])
	}
	return true
}

// load reads the elements in row-major order.
func (v *view) load() ([]byte, error) {
	n := v.len()
	if n == 0 {
		return nil, nil
	}
	first, err := v.on.at(v.offset)
	if err != nil {
		return nil, err
	}
	if v.contiguous() {
		return v.on.src.Read(first, n*v.on.width)
	}
	span := int64(1)
	for i, d := range v.shape {
		span += int64(d-1) * v.stride[i]
	}
	data, err := v.on.src.Read(first, span*v.on.width)
	if err != nil {
		return nil, err
	}
	return gather(data, v.on.width, v.shape, v.stride), nil
}

// gather copies elements of width bytes into row-major order. No size is zero.
func gather(data []byte, width int64, shape []int, stride []int64) []byte {
	n := width
	for _, d := range shape {
		n *= int64(d)
	}
	out := make([]byte, 0, n)
	index := make([]int, len(shape))
	at := int64(0)
	for int64(len(out)) < n {
		out = append(out, data[at*width:][:width]...)
		for i := len(shape) - 1; i >= 0; i-- {
			index[i]++
			at += stride[i]
			if index[i] < shape[i] {
				break
			}
			at -= int64(shape[i]) * stride[i]
			index[i] = 0
		}
	}
	return out
}

// tensor gives the view a name.
func (v *view) tensor(name string) safetensors.Tensor {
	return safetensors.NewTensor(name, v.on.dtype, v.shape, v.load)
}
