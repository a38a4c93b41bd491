package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// File is an open checkpoint: its tensors, under the names that the file gives
// them, those of nested dictionaries joined by dots. Bytes are fetched when a
// tensor is asked for them.
type File struct {
	*safetensors.File
	Format string  // "safetensors", "PyTorch", …
	Extras []Extra // what is no tensor, in the file's order

	dicts map[string]bool // nested dictionaries that hold tensors, by their names with a dot
}

// Extra is an entry that is no tensor: an epoch, an accuracy, an optimizer's
// settings.
type Extra struct {
	Name  string
	Value string // as text for people
}

// contents is what a reader finds in a file.
type contents struct {
	format  string
	tensors []safetensors.Tensor
	extras  []Extra
	dicts   map[string]bool // as File has them
}

// readers are tried in order. Each says by a file's first bytes whether it is
// its own.
var readers = []struct {
	is   func(head []byte) bool
	read func(s *source.Source) (*contents, error)
}{
	{hasPrefix("PK\x03\x04"), readZip},
	{hasPrefix("PK\x05\x06"), readZip}, // an empty archive
	{isPickle, readLegacy},
	{hasPrefix("\x89HDF\r\n\x1a\n"), refuse("an HDF5 file, as Keras writes: save its weights for NumPy, numpy.savez(\"weights.npz\", **{w.path: w.numpy() for w in model.weights})")},
	{isTar, refuse("a tar archive, which PyTorch wrote before version 0.1.10: load it there and torch.save it anew")},
	{hasPrefix("\x93NUMPY"), refuse("one NumPy array, which does not say what it is of: numpy.savez keeps arrays by the names of the weights")},
	{hasPrefix("version https://git-lfs"), refuse("a pointer of Git LFS, not the file that it stands for: git lfs pull fetches that")},
	{isHTML, refuse("a web page: the download went wrong")},
}

// headSize is how much of a file its kind is told by.
const headSize = 512

// errONNX is the error of a reader that is given an ONNX file.
var errONNX = errors.New("an ONNX file, whose weights may be in files beside it, is opened by its path")

// Open opens the checkpoint at path, of whichever format. The file must not
// change while it is open. An error names the path.
func Open(path string) (*File, error) {
	s, err := source.Open(path)
	if err != nil {
		return nil, err
	}
	file, err := openSource(s)
	switch {
	case err == errONNX:
		s.Close()
		return openONNX(path)
	case err != nil:
		s.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// OpenReader opens a checkpoint of size bytes that r gives access to. r must stay
// usable until Close, which does not close it.
func OpenReader(r io.ReaderAt, size int64) (*File, error) { return openSource(source.Reader(r, size)) }

// openSource finds out the format of a file and opens it.
func openSource(s *source.Source) (_ *File, failed error) {
	defer source.Catch(source.Watch(), &failed)
	head, err := s.Read(0, min(s.Size(), headSize))
	if err != nil {
		return nil, err
	}
	for _, k := range readers {
		if k.is(head) {
			return open(s, k.read)
		}
	}
	switch {
	case isONNX(head):
		return nil, errONNX
	case !isSafetensors(head):
		return nil, unknown(head)
	}
	file, err := safetensors.OpenReader(s, s.Size())
	if err != nil {
		return nil, err
	}
	return &File{File: file, Format: "safetensors"}, nil
}

// open reads what s holds.
func open(s *source.Source, read func(*source.Source) (*contents, error)) (*File, error) {
	c, err := read(s)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.New(c.tensors...)
	if err != nil {
		return nil, err
	}
	file.OnClose(s.Close)
	return &File{File: file, Format: c.format, Extras: c.extras, dicts: c.dicts}, nil
}

func hasPrefix(magic string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }
}

// isTar knows POSIX archives by their magic; a much older one has names of members
// that PyTorch gave.
func isTar(head []byte) bool {
	return len(head) == headSize && (string(head[257:262]) == "ustar" || hasPrefix("sys_info\x00")(head))
}

// isSafetensors knows the brace behind the length of the header, without which no
// file is one.
func isSafetensors(head []byte) bool { return len(head) > 8 && head[8] == '{' }

// unknown is the error of a file that begins as no kind does.
func unknown(head []byte) error {
	if len(head) == 0 {
		return errors.New("the file is empty")
	}
	return errors.New("this is no checkpoint: PyTorch's, safetensors, NumPy's .npz, pickles of NumPy arrays and ONNX are read")
}

func isHTML(head []byte) bool {
	head = bytes.ToLower(bytes.TrimSpace(head))
	return hasPrefix("<!doctype html")(head) || hasPrefix("<html")(head)
}

func refuse(what string) func(*source.Source) (*contents, error) {
	return func(*source.Source) (*contents, error) { return nil, errors.New("this is " + what) }
}
