package safetensors

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// littleEndian reports whether the machine stores numbers as the format does.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// toFloat32 converts the elements of a convertible type. F32 data that the
// machine can read in place is not copied.
func toFloat32(dtype DType, data []byte) []float32 {
	if dtype == F32 && littleEndian {
		if view, ok := viewFloat32(data); ok {
			return view
		}
	}
	values := make([]float32, len(data)/int(dtype.bits()/8))
	dtype.Decode(values, data, 0)
	return values
}

// Decode converts elements of a convertible type, from the first-th of data on,
// to dst, as many as it has room for. F64 is rounded to nearest, the others are
// exact. It panics if data has too few.
func (d DType) Decode(dst []float32, data []byte, first int) {
	data = data[first*int(d.bits()/8):][:len(dst)*int(d.bits()/8)]
	switch d {
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])))
		}
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	case F16:
		for i := range dst {
			dst[i] = fromHalf(binary.LittleEndian.Uint16(data[2*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[2*i:])) << 16)
		}
	}
}

// viewFloat32 reads aligned bytes as float32 where they lie.
func viewFloat32(data []byte) ([]float32, bool) {
	start := unsafe.Pointer(unsafe.SliceData(data))
	if len(data) == 0 || uintptr(start)%unsafe.Alignof(float32(0)) != 0 {
		return nil, false
	}
	return unsafe.Slice((*float32)(start), len(data)/4), true
}

// Float32Bytes returns the little-endian bytes of values: the values' own
// memory where the machine is little-endian.
func Float32Bytes(values []float32) []byte {
	if littleEndian {
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
	}
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// fromHalf converts an IEEE 754 binary16: 1 sign bit, 5 exponent bits of bias
// 15, 10 fraction bits. Every value is exact; a NaN keeps its payload.
func fromHalf(h uint16) float32 {
	const bias = (127 - 15) << 23
	bits := uint32(h&0x7fff) << 13
	switch h & 0x7c00 {
	case 0: // zero or subnormal: fraction · 2^-24
		bits = math.Float32bits(float32(h&0x3ff) * 0x1p-24)
	case 0x7c00: // infinity or NaN
		bits += 2 * bias
	default:
		bits += bias
	}
	return math.Float32frombits(bits | uint32(h&0x8000)<<16)
}
