package safetensors

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"github.com/resc-lang/resc/internal/source"
)

// File is an open checkpoint. Its methods may be used by several goroutines at
// once. A nil File, and a zero one, has no tensors.
type File struct {
	tensors  map[string]Tensor
	names    []string // sorted
	metadata map[string]string
	source   *source.Source // nil for a file of New's
	onClose  func() error   // nil for nothing
}

// Open opens the file at path: mapped into memory where the system can, read
// tensor by tensor where it cannot. The file must not be truncated while it is
// open: reading what was a tensor's bytes then faults, which ends the process unless
// debug.SetPanicOnFault makes it a panic.
func Open(path string) (*File, error) {
	s, err := source.Open(path)
	return named(path, s, err)
}

// OpenFS opens the named file of fsys, as Open does where the file is the
// operating system's.
func OpenFS(fsys fs.FS, name string) (*File, error) {
	s, err := source.OpenFS(fsys, name)
	return named(name, s, err)
}

// named reads a source, whose name errors begin with.
func named(name string, s *source.Source, err error) (*File, error) {
	if err != nil {
		return nil, err
	}
	file, err := read(s)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

// OpenBytes opens a file that lies in memory, and keeps data.
func OpenBytes(data []byte) (*File, error) { return read(source.Bytes(data)) }

// OpenReader opens a file of size bytes that r gives access to. Tensors are read when
// they are asked for, each into memory of its own; r must stay usable until
// then, and is not closed.
func OpenReader(r io.ReaderAt, size int64) (*File, error) { return read(source.Reader(r, size)) }

// read opens a file whose bytes s gives access to, and takes s over unless there
// is an error.
func read(s *source.Source) (_ *File, failed error) {
	defer source.Catch(source.Watch(), &failed)
	h, err := readHeader(s)
	if err != nil {
		return nil, err
	}
	file := &File{tensors: make(map[string]Tensor, len(h.entries)), metadata: h.metadata, source: s}
	for _, e := range h.entries {
		offset, n := h.size+int64(e.begin), int64(e.end-e.begin)
		t := NewTensor(e.name, e.dtype, e.shape, func() ([]byte, error) { return s.Read(offset, n) })
		t.forget = func() { s.Forget(offset, n) }
		file.add(t)
	}
	slices.Sort(file.names)
	return file, nil
}

// New makes a file of tensors that were made with NewTensor or FromFloat32.
// A name that comes twice is an error.
func New(tensors ...Tensor) (*File, error) {
	file := &File{tensors: make(map[string]Tensor, len(tensors))}
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
func (f *File) Names() []string {
	if f == nil {
		return nil
	}
	return slices.Clone(f.names)
}

// Tensor returns the tensor of that name.
func (f *File) Tensor(name string) (t Tensor, ok bool) {
	if f == nil {
		return t, false
	}
	t, ok = f.tensors[name]
	return t, ok
}

// Float32 returns a tensor's elements as Tensor.Float32 does, and its shape.
func (f *File) Float32(name string) (values []float32, shape []int, err error) {
	t, ok := f.Tensor(name)
	if !ok {
		return nil, nil, fmt.Errorf("safetensors: no tensor %q", name)
	}
	values, err = t.Float32()
	return values, t.Shape, err
}

// Metadata returns the value of a key of the file's __metadata__.
func (f *File) Metadata(key string) (value string, ok bool) {
	if f == nil {
		return "", false
	}
	value, ok = f.metadata[key]
	return value, ok
}

// Close releases the file. Memory that Tensor.Bytes and Tensor.Float32 returned
// must not be used any more; tensors asked for their bytes return fs.ErrClosed.
func (f *File) Close() error {
	if f == nil {
		return nil
	}
	var err error
	if f.source != nil {
		err = f.source.Close()
	}
	if f.onClose != nil {
		err = errors.Join(err, f.onClose())
	}
	return err
}

// OnClose has the first Close call close, too: the tensors of a file of New's may
// need what is open elsewhere. It must not be called while others use the file.
func (f *File) OnClose(close func() error) { f.onClose = sync.OnceValue(close) }
