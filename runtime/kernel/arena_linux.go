package kernel

import "golang.org/x/sys/unix"

// adviseHuge asks for large pages. A system without them says so and goes on.
func adviseHuge(m []byte) { _ = unix.Madvise(m, unix.MADV_HUGEPAGE) }
