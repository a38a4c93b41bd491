package checkpoint

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/resc-lang/resc/internal/mapped"
)

// source is a file's bytes until it is released.
type source struct {
	mu    sync.RWMutex
	r     io.ReaderAt // nil once released
	data  []byte      // the same, where it lies in memory
	size  int64
	close func() error // nil for nothing
}

// maxMapped bounds the files that are mapped, in bytes: where a system cannot map,
// they are read whole. Larger ones are read tensor by tensor.
const maxMapped = 1 << 32

// newSource is a file's bytes, mapped into memory where that can be. It takes over
// f.
func newSource(f *os.File, size int64) *source {
	if m, err := mapped.Of(f, maxMapped); err == nil && int64(len(m.Data)) == size {
		f.Close() // a mapping outlives its descriptor
		return &source{r: bytes.NewReader(m.Data), data: m.Data, size: size, close: m.Close}
	}
	return &source{r: f, size: size, close: f.Close}
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

// bytes returns n bytes from offset, which must be in the file: in place where they
// lie in memory, and otherwise in memory of their own.
func (s *source) bytes(offset, n int64) ([]byte, error) {
	if offset < 0 || n < 0 || offset > s.size-n {
		return nil, fmt.Errorf("bytes %d to %d of a file of %d", offset, offset+n, s.size)
	}
	if s.data != nil {
		s.mu.RLock()
		defer s.mu.RUnlock()
		if s.r == nil {
			return nil, fs.ErrClosed
		}
		return s.data[offset:][:n:n], nil
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
