package mapped

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	for _, text := range []string{"", "some bytes"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path, 100)
		if err != nil {
			t.Fatal(err)
		}
		if string(f.Data) != text {
			t.Errorf("%q", f.Data)
		}
		for range 2 {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := Open(path, 9); err == nil || !strings.Contains(err.Error(), "at most 9") {
		t.Errorf("error %v", err)
	}
	if _, err := Open(filepath.Dir(path), 9); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("error %v", err)
	}
}
