// Package source gives access to the bytes of a file, however it was opened:
// mapped into memory where the system can, read piece by piece where it cannot,
// or in memory from the start.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// Source is an open file. Its methods may be used by several goroutines at once.
type Source struct {
	size int64

	mu     sync.RWMutex
	data   []byte      // where the bytes lie in memory
	mapped bool        // data is the file's own pages
	file   *os.File    // which is mapped
	time   time.Time   // of the file's last change
	r      io.ReaderAt // where the bytes are not in memory
	open   bool
	close  func() error
}

// Open opens the file at path, which must not be changed while it is open: see Catch and
// Unchanged.
func Open(path string) (*Source, error) {
	f, err := Regular(path)
	if err != nil {
		return nil, err
	}
	s, err := File(f)
	return s, named(path, err)
}

// OpenFS opens the named file of fsys, as Open does where the file is the
// operating system's.
func OpenFS(fsys fs.FS, name string) (*Source, error) {
	// What is no regular file is refused before it is opened, which may wait.
	if info, err := fs.Stat(fsys, name); err != nil {
		return nil, err
	} else if err := CheckRegular(info); err != nil {
		return nil, named(name, err)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if f, ok := f.(*os.File); ok {
		s, err := File(f)
		return s, named(name, err)
	}
	s, err := openAny(f)
	if err != nil {
		f.Close()
	}
	return s, named(name, err)
}

// named gives an error the file's name.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

// File is a source of the bytes of f, which it closes. Errors do not name it.
func File(f *os.File) (*Source, error) {
	s, err := openOS(f)
	if err != nil {
		f.Close()
	}
	return s, err
}

// openOS maps f where the system can and reads from it otherwise.
func openOS(f *os.File) (*Source, error) {
	info, err := regular(f)
	if err != nil {
		return nil, err
	}
	s := &Source{size: info.Size(), time: info.ModTime(), file: f, open: true, close: f.Close}
	if s.size == 0 {
		return s, nil // nothing to map
	}
	data, unmap, err := mapFile(f, s.size)
	if err != nil {
		s.r = f
		return s, nil
	}
	s.data, s.mapped = data, true
	mappings.Lock()
	defer mappings.Unlock()
	mappings.open = append(mappings.open, s)
	s.close = func() error {
		mappings.Lock()
		defer mappings.Unlock()
		mappings.open = slices.DeleteFunc(mappings.open, func(o *Source) bool { return o == s })
		return errors.Join(unmap(), f.Close())
	}
	return s, nil
}

// openAny opens a file that may lack random access.
func openAny(f fs.File) (*Source, error) {
	info, err := regular(f)
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if r, ok := f.(io.ReaderAt); ok {
		return &Source{size: size, r: r, open: true, close: f.Close}, nil
	}
	data, err := io.ReadAll(io.LimitReader(f, size))
	if err != nil {
		return nil, err
	}
	return &Source{size: int64(len(data)), data: data, open: true, close: f.Close}, nil
}

// regular describes f, which must be an ordinary file.
func regular(f fs.File) (fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return info, CheckRegular(info)
}

// Bytes is a source of bytes in memory, which it keeps.
func Bytes(data []byte) *Source {
	return &Source{size: int64(len(data)), data: data, open: true, close: func() error { return nil }}
}

// Reader is a source of size bytes that r gives access to. Close leaves r open.
// An r that is a source of that size itself is returned unchanged.
func Reader(r io.ReaderAt, size int64) *Source {
	if s, ok := r.(*Source); ok && s.size == size {
		return s
	}
	return &Source{size: size, r: r, open: true, close: func() error { return nil }}
}

// Size is the number of bytes.
func (s *Source) Size() int64 { return s.size }

// InMemory reports whether Read gives the source's own memory.
func (s *Source) InMemory() bool { return s.data != nil || s.size == 0 }

// Read returns n bytes from offset: the source's own memory where it has them,
// which is good until Close, and fresh memory otherwise. Bytes beyond the end
// are io.ErrUnexpectedEOF, and no memory is taken for them; a source that is
// closed is fs.ErrClosed.
func (s *Source) Read(offset, n int64) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case !s.open:
		return nil, fs.ErrClosed
	case offset < 0 || n < 0 || offset > s.size || n > s.size-offset:
		return nil, fmt.Errorf("reading %d bytes at %d: %w", n, offset, io.ErrUnexpectedEOF)
	case s.InMemory():
		return s.data[offset:][:n:n], nil
	}
	p := make([]byte, n)
	got, err := s.r.ReadAt(p, offset)
	if got == len(p) {
		return p, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("reading %d bytes at %d: %w", n, offset, err)
}

// ReadAt reads as io.ReaderAt does.
func (s *Source) ReadAt(p []byte, offset int64) (int, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case !s.open:
		return 0, fs.ErrClosed
	case offset < 0:
		return 0, fmt.Errorf("reading at %d: %w", offset, fs.ErrInvalid)
	case offset > s.size:
		return 0, io.EOF
	}
	end := error(nil)
	if rest := s.size - offset; int64(len(p)) > rest {
		p, end = p[:rest], io.EOF
	}
	if s.InMemory() {
		return copy(p, s.data[offset:]), end
	}
	n, err := s.r.ReadAt(p, offset)
	if n == len(p) {
		err = end
	}
	return n, err
}

// Forget says that n bytes from offset are not needed for now: of a mapped file
// the process gives their memory back, and gets it again when it reads them.
func (s *Source) Forget(offset, n int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.open || !s.mapped || offset < 0 || n < 0 || offset > s.size || n > s.size-offset {
		return
	}
	page := int64(os.Getpagesize())
	from, to := (offset+page-1)/page*page, (offset+n)/page*page // whole pages
	if from < to {
		forget(s.data[from:to])
	}
}

// HasPrefix reports whether the bytes begin with prefix.
func (s *Source) HasPrefix(prefix string) bool {
	start, err := s.Read(0, int64(len(prefix)))
	return err == nil && bytes.Equal(start, []byte(prefix))
}

// Close releases the source, and the memory of a mapping. It may be called more
// than once.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return nil
	}
	s.open = false
	return s.close()
}
