package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// largePage is the size of a transparent huge page on most processors.
const largePage = 2 << 20

// adviseLarge asks for large pages where whole ones fit. It is advice: the system
// may not have them, and nothing depends on it.
func adviseLarge(m []float32) {
	start := unsafe.Pointer(unsafe.SliceData(m))
	skip := (largePage - uintptr(start)%largePage) % largePage
	bytes := uintptr(len(m)) * unsafe.Sizeof(m[0])
	if bytes < skip+largePage {
		return
	}
	whole := (bytes - skip) / largePage * largePage
	_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Add(start, skip)), whole), unix.MADV_HUGEPAGE)
}
