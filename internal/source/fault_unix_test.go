//go:build unix

package source

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

func TestCatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 3*os.Getpagesize()+5), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	last := func() (b byte, err error) {
		defer Catch(Watch(), &err)
		data, err := s.Read(s.Size()-1, 1)
		if err != nil {
			return 0, err
		}
		return data[0], nil
	}
	if _, err := last(); err != nil || s.Unchanged() != nil {
		t.Fatalf("error %v, %v", err, s.Unchanged())
	}
	if err := os.Truncate(path, 1); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{second(last()), s.Unchanged()} {
		if !errors.Is(err, ErrChanged) || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("error %v", err)
		}
	}
	if debug.SetPanicOnFault(false) {
		t.Error("faults of the goroutine still panic")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if slices.Contains(mappings.open, s) || s.Unchanged() != nil {
		t.Error("a file that is closed is still looked at")
	}
}

func second(_ byte, err error) error { return err }

// TestCatchOthers has other panics go on.
func TestCatchOthers(t *testing.T) {
	defer func() {
		if r := recover(); r != "another" {
			t.Errorf("panic %v", r)
		}
	}()
	var err error
	defer Catch(Watch(), &err)
	panic("another")
}
