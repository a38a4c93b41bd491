package checkpoint

import (
	"errors"
	"fmt"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// Open returns the model's entries under the model's names, laid out as the model
// reads them. Closing it closes the checkpoint.
func (m *Mapping) Open() (*safetensors.File, error) {
	if m.file == nil {
		return nil, errors.New("checkpoint: the mapping is of no file; Match makes one of a checkpoint's")
	}
	var tensors []safetensors.Tensor
	for _, p := range m.Pairs {
		tensors = append(tensors, m.tensor(p))
	}
	f, err := safetensors.New(tensors...)
	if err != nil {
		return nil, err
	}
	f.OnClose(m.file.Close)
	return f, nil
}

// tensor is what a pair says.
func (m *Mapping) tensor(p Pair) safetensors.Tensor {
	if p.File == "" {
		n := 1
		for _, d := range p.Shape {
			n *= d
		}
		return safetensors.NewTensor(p.Name, safetensors.F32, p.Shape, func() ([]byte, error) { return make([]byte, 4*n), nil })
	}
	t, _ := m.file.Tensor(p.File)
	if p.Less != "" {
		return safetensors.NewTensor(p.Name, safetensors.F32, p.Shape, func() ([]byte, error) { return m.less(p) })
	}
	if !p.columns {
		t.Name, t.Shape = p.Name, p.Shape
		return t
	}
	return safetensors.NewTensor(p.Name, t.DType, p.Shape, func() ([]byte, error) {
		data, err := t.Bytes()
		if err != nil || len(data) == 0 {
			return data, err
		}
		return transpose(data, p.Got), nil
	})
}

// less subtracts one vector of the file from another.
func (m *Mapping) less(p Pair) ([]byte, error) {
	mean, _, err := m.file.Float32(p.File)
	if err != nil {
		return nil, err
	}
	bias, _, err := m.file.Float32(p.Less)
	if err != nil {
		return nil, err
	}
	if len(mean) != len(bias) {
		return nil, fmt.Errorf("%s and %s differ in length", p.File, p.Less)
	}
	out := make([]float32, len(mean))
	for i := range out {
		out[i] = mean[i] - bias[i]
	}
	return safetensors.Float32Bytes(out), nil
}

// transposed is the shape of [in, out] as [out, in], and of [height, width, in,
// out] as [out, in, height, width].
func transposed(shape []int) []int {
	switch len(shape) {
	case 2:
		return []int{shape[1], shape[0]}
	case 4:
		return []int{shape[3], shape[2], shape[0], shape[1]}
	}
	return shape
}

// transpose lays a tensor of that shape out as transposed says.
func transpose(data []byte, shape []int) []byte {
	width := int64(len(data))
	for _, d := range shape {
		width /= int64(d)
	}
	v := rowMajor(shape, false)
	stride := v.stride
	switch len(shape) {
	case 2:
		stride = []int64{stride[1], stride[0]}
	case 4:
		stride = []int64{stride[3], stride[2], stride[0], stride[1]}
	}
	return gather(data, width, transposed(shape), stride)
}
