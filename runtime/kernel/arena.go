package kernel

import "unsafe"

const (
	// cacheLine is the alignment of activations and packed weights, in bytes: one
	// cache line, and one AVX-512 register.
	cacheLine = 64

	// largePage is the size of a large page of x86-64 and, beside pages of 4 KB, of
	// arm64, in bytes.
	largePage = 2 << 20
)

// NewArena returns n zeroed floats that start at a cache line, or at a large page
// if they fill one. Such arenas move to large pages by UseLargePages on Linux.
func NewArena(n int) []float32 {
	alignment := cacheLine
	if n >= largePage/floatBytes {
		alignment = largePage
	}
	m := make([]float32, n+alignment/floatBytes)
	skip := 0
	if rest := int(uintptr(unsafe.Pointer(unsafe.SliceData(m))) % uintptr(alignment)); rest != 0 {
		skip = (alignment - rest) / floatBytes
	}
	m = m[skip : skip+n : skip+n]
	if alignment == largePage {
		noteArena(m)
	}
	return m
}
