package kernel

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestUseLargePages(t *testing.T) {
	if !largePagesAllowed() {
		t.Skip("this system does not let programs ask for large pages")
	}
	const pages, noAdvice = 4, 9999
	m := NewArena(pages*largePage/floatBytes + 1000)
	for i := range m {
		m[i] = float32(i)
	}
	if unix.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(&m[0])), largePage), noAdvice) == nil {
		t.Skip("this system, an emulator's, takes any advice and heeds none")
	}

	UseLargePages()
	if kB := largeKB(t, uint64(uintptr(unsafe.Pointer(&m[0])))); kB < pages*largePage>>10 {
		for i := range pages {
			page := unsafe.Slice((*byte)(unsafe.Pointer(&m[i*largePage/floatBytes])), largePage)
			if err := enlargePage(page); err != nil { // Linux before 6.1, or no page to be had
				t.Skipf("the system makes no large pages: %v", err)
			}
		}
		t.Errorf("%d kB around the arena are in large pages, want %d", kB, pages*largePage>>10)
	}
	for i, v := range m {
		if v != float32(i) {
			t.Fatalf("value %d became %g", i, v)
		}
	}
	if n := waiting(); n > 0 {
		t.Errorf("%d arenas wait for large pages still", n)
	}
}

// waiting is the number of arenas that have not moved.
func waiting() int {
	arenas.Lock()
	defer arenas.Unlock()
	return len(arenas.small)
}

// TestUseLargePagesLetsGo makes arenas that are garbage when they would move.
func TestUseLargePagesLetsGo(t *testing.T) {
	if !largePagesAllowed() {
		t.Skip("this system does not let programs ask for large pages")
	}
	NewArena(largePage / floatBytes)
	runtime.GC()
	UseLargePages()
	if n := waiting(); n > 0 {
		t.Errorf("%d arenas wait for large pages still", n)
	}
}

// largeKB is how much of the mapping that an address lies in is in large pages;
// see proc_pid_smaps(5).
func largeKB(t *testing.T, address uint64) (kB int) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uint64
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= address && address < to
		}
		if size, ok := strings.CutPrefix(lines.Text(), "AnonHugePages:"); ok && inside {
			fmt.Sscanf(strings.TrimSpace(size), "%d kB", &kB)
		}
	}
	return kB
}
