package kernel

import "unsafe"

const (
	// cacheLine is the alignment of activations and packed weights, in bytes: one
	// cache line, and one AVX-512 register.
	cacheLine = 64

	// hugePage is the size of a large page of x86-64 and, with pages of 4 KB, of
	// arm64, in bytes.
	hugePage = 2 << 20
)

// NewArena returns n zeroed floats that start at a cache line. Where there is room
// for large pages, they start at one, and the system is asked to use them: a
// network's weights are more pages of 4 KB than a processor has translations of
// addresses at hand for.
func NewArena(n int) []float32 {
	alignment := cacheLine
	if n >= hugePage/floatBytes {
		alignment = hugePage
	}
	m := make([]float32, n+alignment/floatBytes)
	skip := 0
	if rest := int(uintptr(unsafe.Pointer(unsafe.SliceData(m))) % uintptr(alignment)); rest != 0 {
		skip = (alignment - rest) / floatBytes
	}
	m = m[skip : skip+n : skip+n]
	if whole := n * floatBytes / hugePage * hugePage; whole > 0 {
		adviseHuge(unsafe.Slice((*byte)(unsafe.Pointer(&m[0])), whole))
	}
	return m
}
