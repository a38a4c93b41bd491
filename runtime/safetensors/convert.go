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
	size := int(dtype.bits() / 8)
	values := make([]float32, len(data)/size)
	switch dtype {
	case F64:
		for i := range values {
			values[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])))
		}
	case F32:
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	case F16:
		for i := range values {
			values[i] = fromHalf(binary.LittleEndian.Uint16(data[2*i:]))
		}
	case BF16:
		for i := range values {
			values[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[2*i:])) << 16)
		}
	}
	return values
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
	sign := uint32(h>>15) << 31
	exponent := uint32(h>>10) & 0x1f
	fraction := uint32(h) & 0x3ff
	switch exponent {
	case 0: // zero or subnormal: fraction · 2^-24
		v := float32(fraction) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(v))
	case 0x1f: // infinity or NaN
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
