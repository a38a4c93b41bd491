package kernel

import (
	"bytes"
	"os"
	"slices"
	"sync"
	"unsafe"
	"weak"

	"golang.org/x/sys/unix"
)

// A network's weights are more pages of 4 KB than a processor has translations of
// addresses at hand for, and in a virtual machine each that it lacks is looked up
// in two tables. Large pages are dear to begin with: the system has to find and
// clear, or have its host find and clear, 2 MB at a time. So arenas begin in small
// pages, and move to large ones when the process goes on.

// arenas are those in small pages. It does not keep them alive.
var arenas struct {
	moving sync.Mutex // held while some move: who waits finds them moved
	sync.Mutex
	small []smallArena
}

// smallArena is an arena in small pages that starts at a large page's address.
type smallArena struct {
	first weak.Pointer[float32]
	n     int
}

// noteArena notes an arena that starts at a large page's address.
func noteArena(m []float32) {
	if !largePagesAllowed() {
		return
	}
	arenas.Lock()
	defer arenas.Unlock()
	arenas.small = append(slices.DeleteFunc(arenas.small, smallArena.isGarbage), smallArena{weak.Make(&m[0]), len(m)})
}

func (a smallArena) isGarbage() bool { return a.first.Value() == nil }

// UseLargePages moves the arenas that there are to large pages, on Linux from 6.1 on where
// the system lets programs ask for them; elsewhere nothing changes. It takes some
// milliseconds for each page of 2 MB that has not moved yet, during which who uses that
// page waits. It is safe for concurrent use.
func UseLargePages() {
	arenas.moving.Lock()
	defer arenas.moving.Unlock()
	arenas.Lock()
	small := arenas.small
	arenas.small = nil
	arenas.Unlock()
	for _, a := range small {
		a.enlarge()
	}
}

// enlarge moves the arena if it is still in use. What cannot move stays.
func (a smallArena) enlarge() {
	first := a.first.Value()
	if first == nil {
		return
	}
	pages := unsafe.Slice((*byte)(unsafe.Pointer(first)), a.n*floatBytes/largePage*largePage)
	for ; len(pages) > 0; pages = pages[largePage:] {
		if err := enlargePage(pages[:largePage]); err != nil && err != unix.EAGAIN {
			return // Linux before 6.1, or no more pages to be had
		}
	}
}

// enlargePage makes one page of memory that starts at a large page's address.
func enlargePage(m []byte) error { return unix.Madvise(m, unix.MADV_COLLAPSE) }

// largePagesAllowed reports whether the system's administrator lets programs ask
// for large pages: MADV_COLLAPSE itself does not heed the setting.
var largePagesAllowed = sync.OnceValue(func() bool {
	setting, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return err == nil && !bytes.Contains(setting, []byte("[never]"))
})
