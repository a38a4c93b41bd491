package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// Convert is the tensor with elements of another type, F32, F16 or BF16, rounded to
// nearest, ties to even. A finite value that the type cannot hold is an error when
// the tensor is read. The tensor must be convertible to float32.
func Convert(t safetensors.Tensor, to safetensors.DType) safetensors.Tensor {
	if t.DType == to {
		return t
	}
	return safetensors.NewTensor(t.Name, to, t.Shape, func() ([]byte, error) {
		values, err := t.Float32()
		if err != nil {
			return nil, err
		}
		if to == safetensors.F32 {
			return safetensors.Float32Bytes(values), nil
		}
		narrow := toHalf
		if to == safetensors.BF16 {
			narrow = toBFloat16
		}
		data := make([]byte, 0, 2*len(values))
		for i, v := range values {
			h, ok := narrow(v)
			if !ok {
				return nil, fmt.Errorf("element %d, %g, is too large for %s", i, v, to)
			}
			data = binary.LittleEndian.AppendUint16(data, h)
		}
		return data, nil
	})
}

// toBFloat16 is the upper half of a float32, rounded; ok is false where a finite
// number would become infinite.
func toBFloat16(v float32) (h uint16, ok bool) {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40, true // a quiet NaN stays one
	}
	rounded := bits + 0x7fff + bits>>16&1
	h = uint16(rounded >> 16)
	return h, bits&^signBit == infinity32 || h&0x7fff < 0x7f80
}

const (
	signBit    = 1 << 31
	infinity32 = 0xff << 23
)

// toHalf is an IEEE 754 binary16; ok is false where a finite number would become
// infinite.
func toHalf(v float32) (h uint16, ok bool) {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	magnitude := bits &^ signBit
	switch {
	case magnitude > infinity32:
		return sign | 0x7e00, true
	case magnitude == infinity32:
		return sign | 0x7c00, true
	case magnitude < 0x38800000: // below 2^-14: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(math.Abs(float64(v))*0x1p24)), true
	}
	rounded := magnitude + 0xfff + magnitude>>13&1
	if rounded >= 0x47800000 { // 2^16
		return sign | 0x7c00, false
	}
	return sign | uint16((rounded-0x38000000)>>13), true
}
