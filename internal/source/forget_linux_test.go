package source

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"
)

// TestForget gives a mapped file's pages back. What was read stays as it was.
func TestForget(t *testing.T) {
	content := bytes.Repeat([]byte("sixteen letters."), 1<<16)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	data, err := s.Read(0, s.Size())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, content) {
		t.Fatal("the file reads as something else")
	}
	before := residentKB(t, data)
	if before == 0 {
		t.Skip("this system does not say what is in memory")
	}
	s.Forget(100, s.Size()-200) // the first and the last page stay
	if after := residentKB(t, data); before < len(content)>>10 || after > 4*os.Getpagesize()>>10 {
		t.Errorf("%d kB were the process's before, %d kB after", before, after)
	}
	if !bytes.Equal(data, content) {
		t.Error("forgotten bytes read as something else")
	}
	for _, r := range [][2]int64{{-1, 5}, {0, -1}, {0, s.Size() + 1}, {s.Size() + 1, 0}, {1 << 62, 1 << 62}} {
		s.Forget(r[0], r[1])
	}
	s.Close()
	s.Forget(0, s.Size())
}

// TestForgetMemory leaves memory alone that is no file's.
func TestForgetMemory(t *testing.T) {
	data := bytes.Repeat([]byte{7}, 1<<16)
	s := Bytes(data)
	s.Forget(0, s.Size())
	if !bytes.Equal(data, bytes.Repeat([]byte{7}, 1<<16)) {
		t.Error("forgetting changed the bytes")
	}
}

// residentKB is how much of the mapping that data begins is in memory; see
// proc_pid_smaps(5).
func residentKB(t *testing.T, data []byte) (kB int) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	address := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(data))))
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uint64
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= address && address < to
		}
		if size, ok := strings.CutPrefix(lines.Text(), "Rss:"); ok && inside {
			fmt.Sscanf(strings.TrimSpace(size), "%d kB", &kB)
		}
	}
	return kB
}
