package kernel

import (
	"testing"
	"unsafe"
)

func TestNewArenaIsAligned(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 1000} {
		m := NewArena(n)
		if len(m) != n || cap(m) != n {
			t.Errorf("NewArena(%d) has length %d and capacity %d", n, len(m), cap(m))
		}
		if n > 0 && uintptr(unsafe.Pointer(&m[0]))%cacheLine != 0 {
			t.Errorf("NewArena(%d) starts off a cache line", n)
		}
	}
}
