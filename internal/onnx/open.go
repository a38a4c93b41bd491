package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/resc-lang/resc/internal/mapped"
)

// File is an open model. Values of its tensors may be the file's own memory: do
// not write to them, nor use them after Close.
type File struct {
	*Model
	file     *mapped.File
	external *external
}

// Open opens the model at path, mapped into memory where the system can. Values
// may lie in files beside it. No file may be truncated while it is open.
func Open(path string) (_ *File, err error) {
	file, err := mapped.Open(path, maxFile)
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
	if f.Model, err = parse(file.Data, f.external); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Close releases the file.
func (f *File) Close() error {
	return errors.Join(f.file.Close(), f.external.close())
}
