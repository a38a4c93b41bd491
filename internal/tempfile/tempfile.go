// Package tempfile keeps temporary files from staying behind: a process holds a lock on
// each of its own, which ends with the process however it dies, and the next one
// removes those that nobody holds.
package tempfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Hold locks a temporary file or folder that the caller has just made, until f is
// closed. It reports whether f is still there by its name: where Sweep was faster it is
// not, and the caller makes another. Where the file system has no locks, Sweep removes
// nothing.
func Hold(f *os.File) bool {
	free, err := lock(f)
	return err != nil || free && hasName(f)
}

// Sweep removes the files and folders of dir whose names match and which no process
// holds. What cannot be removed stays.
func Sweep(dir string, match func(name string) bool) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	for _, name := range names {
		if match(name) {
			sweep(filepath.Join(dir, name))
		}
	}
}

// sweep removes a file or folder that nobody holds. It holds it meanwhile, so that its
// name cannot pass to another.
func sweep(path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type()&^fs.ModeDir != 0 { // a pipe would block
		return
	}
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	if free, err := lock(f); err == nil && free && hasName(f) {
		os.RemoveAll(path)
	}
}

// hasName reports whether f is what its name leads to.
func hasName(f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(opened, named)
}

// Dir is a folder for temporary files.
type Dir struct {
	Path string
	hold *os.File
}

// NewDir makes a folder in os.TempDir whose name begins with prefix, and removes those
// of processes that died before they closed theirs.
func NewDir(prefix string) (*Dir, error) {
	Sweep(os.TempDir(), func(name string) bool { return strings.HasPrefix(name, prefix) })
	for {
		path, err := os.MkdirTemp("", prefix)
		if err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err != nil {
			os.Remove(path)
			return nil, err
		}
		if Hold(f) {
			return &Dir{path, f}, nil
		}
		f.Close()
	}
}

// Close removes the folder.
func (d *Dir) Close() error {
	err := os.RemoveAll(d.Path)
	d.hold.Close()
	return err
}
