package kernel

import (
	"testing"
	"unsafe"
)

func TestNewArenaIsAligned(t *testing.T) {
	const large = largePage / floatBytes
	for _, n := range []int{0, 1, 15, 16, 17, 1000, large - 1, large, 3*large + 5} {
		m := NewArena(n)
		if len(m) != n || cap(m) != n {
			t.Errorf("NewArena(%d) has length %d and capacity %d", n, len(m), cap(m))
		}
		if n == 0 {
			continue
		}
		start := uintptr(unsafe.Pointer(&m[0]))
		if start%cacheLine != 0 {
			t.Errorf("NewArena(%d) starts off a cache line", n)
		}
		if n >= large && start%largePage != 0 {
			t.Errorf("NewArena(%d) starts off a large page", n)
		}
	}
}
