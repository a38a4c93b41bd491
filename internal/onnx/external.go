package onnx

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/resc-lang/resc/internal/source"
)

// maxExternal bounds one file of values, in bytes.
const maxExternal = 1 << 36

// external is the files beside a model that hold values of its initialisers, by
// the rules of ONNX's external data: a path below the model's folder, an offset
// and a length. Nothing outside of that folder is opened, nor what a symbolic
// link in it leads to outside.
type external struct {
	root  *os.Root
	files map[string]*outside
}

// outside is a file of values.
type outside struct {
	*source.Source
	taken []region
}

// region is the bytes of one tensor.
type region struct{ from, to uint64 }

// values finds size bytes of values.
func (e *external) values(where []Property, size uint64) (load func() ([]byte, error), err error) {
	if e == nil {
		return nil, errors.New("its values are in another file, which is read only beside a model that is opened by its path")
	}
	var location string
	var offset uint64
	length := size
	for _, p := range where {
		switch p.Key {
		case "location":
			location = filepath.FromSlash(p.Value)
		case "offset":
			offset, err = strconv.ParseUint(p.Value, 10, 63)
		case "length":
			length, err = strconv.ParseUint(p.Value, 10, 63)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %q of its values is not a number", p.Key, p.Value)
		}
	}
	if !filepath.IsLocal(location) {
		return nil, fmt.Errorf("its values are said to be in %q, which is not below the model's folder", location)
	}
	f, err := e.open(location)
	if err != nil {
		return nil, fmt.Errorf("its values are in %s: %w", location, err)
	}
	if length != size {
		return nil, fmt.Errorf("it has %d bytes of values in %s, but its shape takes %d", length, location, size)
	}
	if have := uint64(f.Size()); offset > have || size > have-offset {
		return nil, fmt.Errorf("its values end at byte %d of %s, which has %d", offset+size, location, have)
	}
	f.taken = append(f.taken, region{offset, offset + size})
	return func() ([]byte, error) { return f.Read(int64(offset), int64(size)) }, nil
}

// open maps a file, once.
func (e *external) open(location string) (*outside, error) {
	if f := e.files[location]; f != nil {
		return f, nil
	}
	info, err := e.root.Stat(location)
	if err == nil {
		err = source.CheckRegular(info)
	}
	var opened *os.File
	if err == nil {
		opened, err = e.root.Open(location)
	}
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, err
	}
	f, err := source.File(opened)
	if err != nil {
		return nil, err
	}
	if err := bounded(f, maxExternal); err != nil {
		f.Close()
		return nil, err
	}
	e.files[location] = &outside{Source: f}
	return e.files[location], nil
}

// check refuses tensors that share bytes, so that what a model holds is bounded
// by its files.
func (e *external) check() error {
	if e == nil {
		return nil
	}
	for location, f := range e.files {
		slices.SortFunc(f.taken, func(a, b region) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
		for i := 1; i < len(f.taken); i++ {
			if f.taken[i].from < f.taken[i-1].to {
				return fmt.Errorf("two tensors overlap at byte %d of %s", f.taken[i].from, location)
			}
		}
	}
	return nil
}

// close releases the files.
func (e *external) close() error {
	var errs []error
	for _, f := range e.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
