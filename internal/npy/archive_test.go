package npy

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture/reference"
)

// archive writes a .npz file whose files are name, contents pairs.
func archive(t *testing.T, files ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.npz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestArchive(t *testing.T) {
	one := string(file(float32One, 0, 0, 0x80, 0x3f))
	a, err := OpenArchive(archive(t, "layer1.0.npy", one, "notes.txt", "x", "bad.npy", "x", "a.npy", "x", "a.npy", one))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if got := a.Names(); !slices.Equal(got, []string{"layer1.0", "bad", "a"}) {
		t.Errorf("names %q", got)
	}
	x, err := a.Read("layer1.0")
	if err != nil || !slices.Equal(x.Float32, []float32{1}) {
		t.Errorf("layer1.0 is %v, %v", x, err)
	}
	if x, err := a.Read("a"); err != nil || !slices.Equal(x.Float32, []float32{1}) {
		t.Errorf("a is %v, %v", x, err)
	}
	for name, want := range map[string]string{"bad": `array "bad": npy: unexpected EOF`, "notes": `no array "notes"`, "notes.txt": "no array"} {
		if x, err := a.Read(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %v, error %v; want %q", name, x, err, want)
		}
	}
}

func TestArchiveTooLarge(t *testing.T) {
	a, err := OpenArchive(archive(t, "a.npy", string(file(float32One, 0, 0, 0x80, 0x3f))))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.files["a"].UncompressedSize64 = maxArray + 1
	if _, err := a.Read("a"); err == nil || !strings.Contains(err.Error(), "the limit is 4294967296") {
		t.Errorf("error %v", err)
	}
}

func TestOpenArchiveErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npz")
	if err := os.WriteFile(path, []byte("not a zip archive"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, path + ".absent"} {
		if _, err := OpenArchive(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v", err)
		}
	}
}

// TestRealFile reads logits that NumPy wrote.
func TestRealFile(t *testing.T) {
	a, err := ReadFile(reference.Path(t, "data", "cifar", "cifar-resnet20.logits.npy"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Shape, []int{600, 10}) || len(a.Float32) != 6000 {
		t.Errorf("shape %v, %d values", a.Shape, len(a.Float32))
	}
}

// TestWriteArchive reads back what it writes, and refuses what no archive holds.
func TestWriteArchive(t *testing.T) {
	want := []Named{
		{Name: "c3", Shape: []int{2, 1, 3}, Values: []float32{1, 2, 3, 4, 5, 6}},
		{Name: "layer1.0.relu#2", Shape: []int{2}, Values: []float32{-1, 0.5}},
	}
	path := filepath.Join(t.TempDir(), "x.npz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := WriteArchive(f, want); err != nil {
		t.Fatal(err)
	}
	a, err := OpenArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if names := a.Names(); !slices.Equal(names, []string{"c3", "layer1.0.relu#2"}) {
		t.Errorf("%q", names)
	}
	for _, w := range want {
		got, err := a.Read(w.Name)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Shape, w.Shape) || !slices.Equal(got.Float32, w.Values) {
			t.Errorf("%s is %v", w.Name, got)
		}
	}
	if err := WriteArchive(io.Discard, append(want, want[0])); err == nil {
		t.Error("two arrays of one name are written")
	}
	if err := WriteArchive(io.Discard, []Named{{Name: "x", Shape: []int{3}, Values: []float32{1}}}); err == nil {
		t.Error("an array with too few values is written")
	}
}
