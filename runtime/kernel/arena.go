package kernel

import "unsafe"

// cacheLine is the alignment of activations and packed weights, in bytes: one
// cache line, and one AVX-512 register.
const cacheLine = 64

// NewArena returns n zeroed floats that start at a cache line.
func NewArena(n int) []float32 {
	const lane = 4 // bytes of a float32
	m := make([]float32, n+cacheLine/lane)
	skip := 0
	if rest := uintptr(unsafe.Pointer(unsafe.SliceData(m))) % cacheLine; rest != 0 {
		skip = int(cacheLine-rest) / lane
	}
	return m[skip : skip+n : skip+n]
}
