package safetensors

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
)

// File is an open checkpoint. Its methods may be used by several goroutines at
// once, Close excepted.
type File struct {
	tensors  map[string]Tensor
	names    []string // sorted
	metadata map[string]string
	close    func() error
}

// Open opens the file at path: mapped into memory where the system can, read
// tensor by tensor where it cannot. The file must not be truncated while it is
// open.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return openOS(f, path)
}

// OpenFS opens the named file of fsys, as Open does where the file is the
// operating system's.
func OpenFS(fsys fs.FS, name string) (*File, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if f, ok := f.(*os.File); ok {
		return openOS(f, name)
	}
	file, err := openAny(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

// openOS opens and takes over f.
func openOS(f *os.File, name string) (*File, error) {
	file, err := mapOrRead(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

// mapOrRead maps f where the system can and reads from it otherwise.
func mapOrRead(f *os.File) (*File, error) {
	size, err := regularSize(f)
	if err != nil {
		return nil, err
	}
	if size < lengthSize {
		return Read(f, size) // says what is wrong; nothing to map
	}
	data, unmap, err := mapFile(f, size)
	if err != nil {
		return readAndClose(f, size, f.Close)
	}
	file, err := readAndClose(bytesAt(data), size, unmap)
	if err != nil {
		unmap()
		return nil, err
	}
	f.Close() // a mapping outlives its descriptor
	return file, nil
}

// openAny opens a file that may lack random access.
func openAny(f fs.File) (*File, error) {
	size, err := regularSize(f)
	if err != nil {
		return nil, err
	}
	if r, ok := f.(io.ReaderAt); ok {
		return readAndClose(r, size, f.Close)
	}
	data, err := io.ReadAll(io.LimitReader(f, size))
	if err != nil {
		return nil, err
	}
	return readAndClose(bytesAt(data), int64(len(data)), f.Close)
}

// regularSize is the size of f, which must be an ordinary file.
func regularSize(f fs.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("safetensors: not a regular file (%s)", info.Mode())
	}
	return info.Size(), nil
}

// Parse opens a file that lies in memory, and keeps data.
func Parse(data []byte) (*File, error) { return Read(bytesAt(data), int64(len(data))) }

// Read opens a file of size bytes that r gives access to. Tensors are read when
// they are asked for, each into memory of its own; r must stay usable until
// then, and is not closed.
func Read(r io.ReaderAt, size int64) (*File, error) {
	return readAndClose(r, size, nil)
}

// readAndClose is Read, with what File.Close has to do (nil for nothing). On an
// error close was not called.
func readAndClose(r io.ReaderAt, size int64, close func() error) (*File, error) {
	h, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	src := &source{r: r}
	file := &File{
		tensors:  make(map[string]Tensor, len(h.entries)),
		metadata: h.metadata,
		close: func() error {
			src.release()
			if close == nil {
				return nil
			}
			return close()
		},
	}
	for _, e := range h.entries {
		file.add(NewTensor(e.name, e.dtype, e.shape, func() ([]byte, error) {
			return src.bytes(h.size+int64(e.begin), int64(e.end-e.begin))
		}))
	}
	slices.Sort(file.names)
	return file, nil
}

// New makes a file of tensors that were made with NewTensor or FromFloat32.
// A name that comes twice is an error.
func New(tensors ...Tensor) (*File, error) {
	file := &File{tensors: make(map[string]Tensor, len(tensors)), close: func() error { return nil }}
	for _, t := range tensors {
		if _, ok := file.tensors[t.Name]; ok {
			return nil, fmt.Errorf("safetensors: tensor %q comes twice", t.Name)
		}
		file.add(t)
	}
	slices.Sort(file.names)
	return file, nil
}

func (f *File) add(t Tensor) {
	f.tensors[t.Name] = t
	f.names = append(f.names, t.Name)
}

// Names lists the tensors' names, sorted.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Tensor returns the tensor of that name.
func (f *File) Tensor(name string) (t Tensor, ok bool) {
	t, ok = f.tensors[name]
	return t, ok
}

// Float32 returns a tensor's elements as Tensor.Float32 does, and its shape.
func (f *File) Float32(name string) (values []float32, shape []int, err error) {
	t, ok := f.tensors[name]
	if !ok {
		return nil, nil, fmt.Errorf("safetensors: no tensor %q", name)
	}
	values, err = t.Float32()
	return values, t.Shape, err
}

// Metadata returns the value of a key of the file's __metadata__.
func (f *File) Metadata(key string) (value string, ok bool) {
	value, ok = f.metadata[key]
	return value, ok
}

// Close releases the file. Memory that Tensor.Bytes and Tensor.Float32 returned
// must not be used any more; tensors asked for their bytes return fs.ErrClosed.
func (f *File) Close() error {
	close := f.close
	f.close = func() error { return nil }
	return close()
}

// source fetches bytes until it is released.
type source struct {
	mu sync.RWMutex
	r  io.ReaderAt // nil once released
}

// bytes returns n bytes from offset, in place where they lie in memory.
func (s *source) bytes(offset, n int64) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.r == nil {
		return nil, fs.ErrClosed
	}
	if data, ok := s.r.(bytesAt); ok {
		return data[offset:][:n:n], nil
	}
	p := make([]byte, n)
	return p, readFull(s.r, p, offset)
}

func (s *source) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r = nil
}

// bytesAt is bytes in memory as an io.ReaderAt.
type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, offset int64) (int, error) {
	return bytes.NewReader(b).ReadAt(p, offset)
}
