package safetensors

import "slices"

// DType names the type of a tensor's elements, as the header spells it.
type DType string

// The element types that convert to float32. Others can be read as bytes.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"  // IEEE 754 binary16
	BF16 DType = "BF16" // the upper half of a float32
)

// dtypes lists the format's types by rising alignment, which is the order that
// the reference implementation sorts by when it writes.
var dtypes = []struct {
	name DType
	bits uint64
}{
	{"BOOL", 8}, {"F4", 4}, {"F6_E2M3", 6}, {"F6_E3M2", 6},
	{"U8", 8}, {"I8", 8}, {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8},
	{"I16", 16}, {"U16", 16}, {F16, 16}, {BF16, 16},
	{"I32", 32}, {"U32", 32}, {F32, 32},
	{"C64", 64}, {F64, 64}, {"I64", 64}, {"U64", 64},
}

// order is the type's place in dtypes, or -1 for a type the format has not.
func (d DType) order() int {
	for i := range dtypes {
		if dtypes[i].name == d {
			return i
		}
	}
	return -1
}

// bits is the size of one element, or 0 for a type the format has not.
func (d DType) bits() uint64 {
	if i := d.order(); i >= 0 {
		return dtypes[i].bits
	}
	return 0
}

// Half reports whether the type is one of 16 bits that converts.
func (d DType) Half() bool { return d == F16 || d == BF16 }

// Convertible reports whether Tensor.Float32 reads the type.
func (d DType) Convertible() bool {
	return slices.Contains([]DType{F64, F32, F16, BF16}, d)
}
