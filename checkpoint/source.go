package checkpoint

import (
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// source is a file's bytes until it is released.
type source struct {
	mu    sync.RWMutex
	r     io.ReaderAt // nil once released
	size  int64
	close func() error // nil for nothing
}

// ReadAt reads as io.ReaderAt does.
func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.r == nil {
		return 0, fs.ErrClosed
	}
	return s.r.ReadAt(p, offset)
}

// bytes reads n bytes from offset, which must be in the file, into memory of
// their own.
func (s *source) bytes(offset, n int64) ([]byte, error) {
	if offset < 0 || n < 0 || offset > s.size-n {
		return nil, fmt.Errorf("bytes %d to %d of a file of %d", offset, offset+n, s.size)
	}
	p := make([]byte, n)
	read, err := s.ReadAt(p, offset)
	if read == len(p) {
		return p, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

// release ends all reading.
func (s *source) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r = nil
	if s.close == nil {
		return nil
	}
	return s.close()
}
