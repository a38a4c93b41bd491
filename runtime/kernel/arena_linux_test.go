package kernel

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

func TestNewArenaAsksForLargePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this system has no transparent huge pages")
	}
	m := NewArena(4 * hugePage / floatBytes)
	flags := mappingFlags(t, uint64(uintptr(unsafe.Pointer(&m[0]))))
	if !slices.Contains(flags, "hg") {
		t.Errorf("the arena's mapping has the flags %v; want hg, huge pages advised, among them", flags)
	}
}

// mappingFlags are the VmFlags of the mapping that an address lies in; see
// proc_pid_smaps(5).
func mappingFlags(t *testing.T, address uint64) []string {
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
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && inside {
			return strings.Fields(flags)
		}
	}
	t.Skip("this system does not say how memory is mapped")
	return nil
}
