// Package atomicfile writes files whole or not at all: a reader, or the next
// run after a crash, sees the old contents or the new and nothing between.
package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/resc-lang/resc/internal/tempfile"
)

// Write replaces the file at path with what write writes. The new contents go
// to a temporary file beside it, NAME.PID-N.tmp, which is synced to disk and
// renamed; on any error the temporary file is removed and path is as it was. One
// that a killed process left is removed by the next Write. A file that is
// there keeps its mode, a new one gets 0666 less the umask. A symbolic link is
// followed. What is not a regular file, such as /dev/stdout, is written as it
// stands.
func Write(path string, write func(io.Writer) error) error {
	s, err := stage(path, write)
	if err != nil {
		return err
	}
	return s.commit()
}

// Check says what would keep Write from beginning, such as a folder that is not
// there, so that long work need not be done in vain. It leaves nothing behind.
func Check(path string) error {
	path, info, err := resolve(path)
	if err != nil || info != nil {
		return err
	}
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	discard(f)
	return nil
}

// WriteFile is Write with the contents at hand.
func WriteFile(path string, data []byte) error {
	return Write(path, contents(data))
}

// WriteDir writes a set of files into dir, which is made if need be. Names are
// slash-separated and may not leave dir. Every file is complete on disk before
// the first takes its name, so that what can go wrong goes wrong while dir is
// as it was. A file that has the right contents already is not touched.
func WriteDir(dir string, files map[string][]byte) (err error) {
	var set []*staged
	defer func() {
		if err != nil {
			for _, s := range set {
				s.discard()
			}
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		local := filepath.FromSlash(name)
		if !filepath.IsLocal(local) {
			return fmt.Errorf("%s: the name leaves the directory", name)
		}
		path := filepath.Join(dir, local)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, files[name]) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		s, err := stage(path, contents(files[name]))
		if err != nil {
			return err
		}
		set = append(set, s)
	}
	for _, s := range set {
		if err := s.commit(); err != nil {
			return err
		}
	}
	return nil
}

func contents(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// staged is a file that is complete under a temporary name. The file is held, and
// nil once there is nothing left to do.
type staged struct {
	file *os.File
	path string
}

// stage writes the temporary file. It leaves nothing behind on an error.
func stage(path string, write func(io.Writer) error) (_ *staged, err error) {
	path, info, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if info != nil && !info.Mode().IsRegular() {
		return &staged{}, writeThrough(path, write)
	}
	f, err := createBeside(path)
	if err != nil {
		return nil, err
	}
	s := &staged{f, path}
	defer func() {
		if err != nil {
			s.discard()
		}
	}()
	if err := write(f); err != nil {
		return nil, err
	}
	if info != nil {
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			return nil, err
		}
	}
	return s, f.Sync()
}

// resolve follows links to what is to be written, and describes what is there, nil
// for nothing.
func resolve(path string) (target string, info fs.FileInfo, err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, err = os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return "", nil, fmt.Errorf("%s: is a directory", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", nil, err
	case err != nil:
		return path, nil, nil
	}
	return path, info, nil
}

// commit gives the file its name.
func (s *staged) commit() error {
	if s.file == nil {
		return nil
	}
	if !tempfile.RenameHeld {
		s.file.Close()
	}
	if err := os.Rename(s.file.Name(), s.path); err != nil {
		s.discard()
		return err
	}
	s.file.Close() // its contents are on disk
	s.file = nil
	syncDir(filepath.Dir(s.path))
	return nil
}

// discard removes the temporary file.
func (s *staged) discard() {
	if s.file != nil {
		discard(s.file)
		s.file = nil
	}
}

// discard removes a temporary file.
func discard(f *os.File) {
	if !tempfile.RenameHeld { // nor removed
		f.Close()
	}
	os.Remove(f.Name())
	f.Close()
}

// writeThrough writes to a device or a pipe.
func writeThrough(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// createBeside makes a new file in path's directory and holds it. Unlike
// os.CreateTemp it leaves the mode to the umask. It removes those of processes that
// were killed.
func createBeside(path string) (*os.File, error) {
	tempfile.Sweep(filepath.Dir(path), func(name string) bool {
		rest, ok := strings.CutPrefix(name, filepath.Base(path))
		return ok && temporary.MatchString(rest)
	})
	for try := 0; ; try++ {
		name := fmt.Sprintf("%s.%d-%d.tmp", path, os.Getpid(), try)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) && try < 1000 {
			continue
		}
		if err == nil && !tempfile.Hold(f) {
			f.Close()
			continue
		}
		var of *fs.PathError
		if errors.As(err, &of) {
			err = fmt.Errorf("%s: the folder %s: %w", path, filepath.Dir(path), of.Err)
		}
		return f, err
	}
}

// temporary is what createBeside adds to a name.
var temporary = regexp.MustCompile(`^\.\d+-\d+\.tmp$`)

// syncDir makes a rename durable where the system can; the contents are on disk
// either way.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
