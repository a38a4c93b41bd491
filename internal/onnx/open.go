package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/resc-lang/resc/internal/source"
)

// File is an open model. Values of its tensors may be the file's own memory: do
// not write to them, nor use them after Close.
type File struct {
	*Model
	file     *source.Source
	external *external
}

// Open opens the model at path, mapped into memory where the system can. Values
// may lie in files beside it. No file may be truncated while it is open.
func Open(path string) (_ *File, err error) {
	file, err := source.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{file: file, external: &external{files: map[string]*outside{}}}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if f.external.root, err = os.OpenRoot(filepath.Dir(path)); err != nil {
		return nil, err
	}
	defer f.external.root.Close()
	if err = f.parse(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// parse reads the model.
func (f *File) parse() (err error) {
	defer source.Catch(source.Watch(), &err)
	if err := bounded(f.file, maxFile); err != nil {
		return err
	}
	data, err := f.file.Read(0, f.file.Size())
	if err != nil {
		return err
	}
	f.Model, err = parse(data, f.external)
	return err
}

// bounded refuses a file of more than limit bytes unread: where it cannot be mapped it
// is read into memory.
func bounded(s *source.Source, limit int64) error {
	if s.Size() > limit {
		return fmt.Errorf("the file has %d bytes, and at most %d are possible", s.Size(), limit)
	}
	return nil
}

// Close releases the file.
func (f *File) Close() error {
	return errors.Join(f.file.Close(), f.external.close())
}
