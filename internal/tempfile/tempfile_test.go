package tempfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSweep(t *testing.T) {
	if !RenameHeld {
		t.Skip("no locks of files on this system")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	held, err := NewDir("work-")
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "work-left")
	outside := filepath.Join(dir, "outside")
	for _, path := range []string{filepath.Join(left, "sub"), outside} {
		if err := os.MkdirAll(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(left, "sub", "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "work-link")); err != nil {
		t.Fatal(err)
	}
	next, err := NewDir("work-")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{held.Path, next.Path, outside} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("a folder that nobody holds is still there: %v", err)
	}
	for _, d := range []*Dir{held, next} {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if got := strings.Join(paths, " "); err != nil || got != outside+" "+filepath.Join(dir, "work-link") {
		t.Errorf("left: %s, %v", got, err)
	}
}

// TestHold holds a file that Sweep has removed in between.
func TestHold(t *testing.T) {
	if !RenameHeld {
		t.Skip("no locks of files on this system")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !Hold(f) {
		t.Error("a new file is not held")
	}
	Sweep(filepath.Dir(f.Name()), func(string) bool { return true })
	if !hasName(f) {
		t.Error("a held file was removed")
	}
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
	if Hold(f) {
		t.Error("a removed file is held")
	}
}
