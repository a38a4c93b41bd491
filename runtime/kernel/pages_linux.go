package kernel

import (
	"bytes"
	"os"
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
// pages, and move to large ones when the process has run for a while.

// enlargeAfter is when arenas move: after the first answers, and never in a
// process that computes a few images and ends.
const enlargeAfter = 2 * time.Second

// arenas are those that have not moved yet. It does not keep them alive.
var arenas struct {
	sync.Mutex
	small map[*smallArena]bool
}

// smallArena is an arena in small pages.
type smallArena struct {
	first weak.Pointer[float32]
	n     int
	once  sync.Once
}

// enlargeLater has an arena that starts at a large page move to such pages.
func enlargeLater(m []float32) {
	if !largePagesAllowed() {
		return
	}
	a := &smallArena{first: weak.Make(&m[0]), n: len(m)}
	arenas.Lock()
	defer arenas.Unlock()
	if arenas.small == nil {
		arenas.small = make(map[*smallArena]bool)
	}
	arenas.small[a] = true
	time.AfterFunc(enlargeAfter, a.enlarge)
}

// UseLargePages moves the arenas there are to large pages now, where it would
// happen by itself two seconds after they were made: a measurement should not begin
// before. It takes some milliseconds for each page of 2 MB, during which who uses
// that page waits. Where the system has no large pages nothing changes.
func UseLargePages() {
	arenas.Lock()
	var all []*smallArena
	for a := range arenas.small {
		all = append(all, a)
	}
	arenas.Unlock()
	for _, a := range all {
		a.enlarge()
	}
}

// enlarge moves the arena, if it is still in use. It returns when that is done.
func (a *smallArena) enlarge() {
	a.once.Do(func() {
		arenas.Lock()
		delete(arenas.small, a)
		arenas.Unlock()
		first := a.first.Value()
		if first == nil {
			return
		}
		pages := unsafe.Slice((*byte)(unsafe.Pointer(first)), a.n*floatBytes/largePage*largePage)
		for ; len(pages) > 0; pages = pages[largePage:] {
			if enlargePage(pages[:largePage]) != nil {
				return // Linux before 6.1, or no page to be had
			}
		}
	})
}

// enlargePage makes one page of memory that starts at a large page's address.
func enlargePage(m []byte) error { return unix.Madvise(m, unix.MADV_COLLAPSE) }

// largePagesAllowed reports whether the system's administrator lets programs ask
// for large pages: MADV_COLLAPSE itself does not heed the setting.
var largePagesAllowed = sync.OnceValue(func() bool {
	setting, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return err == nil && !bytes.Contains(setting, []byte("[never]"))
})
