// Package mapped gives access to a file's bytes as memory, without copying them
// where the system can map files.
package mapped

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// File is the bytes of a file. Data must not be written to, nor used after
// Close, and the file must not be truncated while it is open.
type File struct {
	Data  []byte
	close func() error
}

// Open maps the regular file at path: read into memory where it cannot be
// mapped. One larger than limit bytes is refused unread.
func Open(path string, limit int64) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // a mapping outlives its descriptor
	return Of(f, limit)
}

// Of is Open for a file that is open already, which may be closed then.
func Of(f *os.File, limit int64) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("not a regular file (%s)", info.Mode())
	case info.Size() > limit:
		return nil, fmt.Errorf("the file has %d bytes, and at most %d are possible", info.Size(), limit)
	case info.Size() == 0:
		return &File{}, nil
	}
	if data, unmap, err := mapFile(f, info.Size()); err == nil {
		return &File{data, unmap}, nil
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, info.Size()), data); err != nil {
		return nil, err
	}
	return &File{Data: data}, nil
}

// errNoMap is the error of mapFile where files cannot be mapped.
var errNoMap = errors.ErrUnsupported

// Close releases the memory.
func (f *File) Close() error {
	release := f.close
	f.Data, f.close = nil, nil
	if release == nil {
		return nil
	}
	return release()
}
