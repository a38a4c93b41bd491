package npy

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/resc-lang/resc/internal/source"
)

// maxArray is the most that one array may take, in bytes: a compressed archive or a pipe
// could otherwise take any amount of memory.
const maxArray = 1 << 32

// Archive is an open .npz file: a zip of arrays, as numpy.savez and
// numpy.savez_compressed write.
type Archive struct {
	file  *os.File
	zip   *zip.Reader
	files map[string]*zip.File
}

// OpenArchive opens the .npz file at path. Arrays are read when they are asked
// for.
func OpenArchive(path string) (*Archive, error) {
	f, err := source.Regular(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a := &Archive{file: f, zip: z, files: make(map[string]*zip.File)}
	for _, f := range z.File {
		if name, ok := strings.CutSuffix(f.Name, ".npy"); ok {
			a.files[name] = f
		}
	}
	return a, nil
}

// Names lists the arrays' names, in the archive's order. Of arrays that share a
// name the last counts.
func (a *Archive) Names() []string {
	var names []string
	for _, f := range a.zip.File {
		if name := strings.TrimSuffix(f.Name, ".npy"); a.files[name] == f {
			names = append(names, name)
		}
	}
	return names
}

// Read reads the array of that name.
func (a *Archive) Read(name string) (*Array, error) {
	f, ok := a.files[name]
	if !ok {
		return nil, fmt.Errorf("npy: the archive has no array %q", name)
	}
	if f.UncompressedSize64 > maxArray {
		return nil, fmt.Errorf("npy: array %q takes %d bytes; the limit is %d", name, f.UncompressedSize64, int64(maxArray))
	}
	r, err := f.Open() // reads no more than the size said
	if err != nil {
		return nil, fmt.Errorf("npy: array %q: %w", name, err)
	}
	defer r.Close()
	array, err := Read(r)
	if err != nil {
		return nil, fmt.Errorf("array %q: %w", name, err)
	}
	return array, nil
}

// Close closes the file. Arrays that were read stay.
func (a *Archive) Close() error { return a.file.Close() }

// Named is an array of an archive with its name.
type Named struct {
	Name   string
	Shape  []int
	Values []float32
	// From, if not nil, has the values instead: row-major and little-endian.
	From io.Reader
}

// Write writes the array as an .npy file.
func (a Named) Write(w io.Writer) error {
	if a.From == nil {
		return WriteFloat32(w, a.Shape, a.Values)
	}
	if err := WriteFloat32Header(w, a.Shape); err != nil {
		return err
	}
	_, err := io.Copy(w, a.From)
	return err
}

// WriteArchive writes arrays as an .npz file. The bytes depend on nothing but the
// arrays. Names must differ.
func WriteArchive(w io.Writer, arrays []Named) error {
	z := zip.NewWriter(w)
	written := map[string]bool{}
	for _, a := range arrays {
		if written[a.Name] {
			return fmt.Errorf("npy: two arrays are called %q", a.Name)
		}
		written[a.Name] = true
		// Stored, as numpy.savez does.
		f, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := a.Write(f); err != nil {
			return fmt.Errorf("array %q: %w", a.Name, err)
		}
	}
	return z.Close()
}
