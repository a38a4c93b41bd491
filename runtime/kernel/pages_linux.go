package kernel

import (
	"bytes"
	"os"
	"slices"
	"sync"
	"time"
	"unsafe"
	"weak"

	"golang.org/x/sys/unix"
)

// A network's weights are more pages of 4 KB than a processor has translations of
// addresses at hand for, and in a virtual machine each that it lacks is looked up
// in two tables. Large pages are dear to begin with: the system has to find and
// clear, or have its host find and clear, 2 MB at a time. So arenas begin in small
// pages, and move to large ones when the process settles.

// arenas are those that have not moved yet. It does not keep them alive.
var arenas struct {
	moving sync.Mutex // held while some move: one after another, and who waits finds them moved
	sync.Mutex
	small []smallArena
}

// smallArena is an arena in small pages.
type smallArena struct {
	first weak.Pointer[float32]
	n     int
	due   time.Time // when it is to move
}

// enlargeLater has an arena that starts at a large page move to such pages.
func enlargeLater(m []float32) {
	if !largePagesAllowed() {
		return
	}
	arenas.Lock()
	defer arenas.Unlock()
	arenas.small = append(arenas.small, smallArena{weak.Make(&m[0]), len(m), time.Now().Add(settleAfter)})
	time.AfterFunc(settleAfter, func() { enlarge(time.Now()) })
}

// useLargePages moves the arenas there are to large pages now. It takes some
// milliseconds for each page of 2 MB, during which who uses that page waits. Where the
// system has no large pages nothing changes.
func useLargePages() { enlarge(time.Now().Add(settleAfter)) }

// enlarge moves the arenas that are due by then.
func enlarge(then time.Time) {
	arenas.moving.Lock()
	defer arenas.moving.Unlock()
	var due []smallArena
	arenas.Lock()
	arenas.small = slices.DeleteFunc(arenas.small, func(a smallArena) bool {
		if a.due.After(then) {
			return false
		}
		due = append(due, a)
		return true
	})
	arenas.Unlock()
	for _, a := range due {
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

// enlargeNow moves an arena that starts at a large page before its time.
func enlargeNow(m []float32) {
	if !largePagesAllowed() {
		return
	}
	arenas.moving.Lock()
	defer arenas.moving.Unlock()
	smallArena{first: weak.Make(&m[0]), n: len(m)}.enlarge()
}

// enlargePage makes one page of memory that starts at a large page's address.
func enlargePage(m []byte) error { return unix.Madvise(m, unix.MADV_COLLAPSE) }

// largePagesAllowed reports whether the system's administrator lets programs ask
// for large pages: MADV_COLLAPSE itself does not heed the setting.
var largePagesAllowed = sync.OnceValue(func() bool {
	setting, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return err == nil && !bytes.Contains(setting, []byte("[never]"))
})
