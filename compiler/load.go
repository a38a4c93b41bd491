package compiler

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/stdlib"
)

// Load reads a model's source: a path to a .res file, which may be a pipe, std/NAME, or
// "-" for standard input.
func Load(model string) (*dsl.Source, error) {
	if name, ok := strings.CutPrefix(model, stdlib.Prefix); ok {
		if src, ok := stdlib.Source(strings.TrimSuffix(name, ".res")); ok {
			return src, nil
		}
		if near := dsl.Suggest(name, stdlib.Models()); near != "" {
			return nil, fmt.Errorf("%s is not in the standard library; did you mean %s%s?", model, stdlib.Prefix, near)
		}
		return nil, fmt.Errorf("%s is not in the standard library; resc list shows what is", model)
	}
	file, err := source.Stream(model)
	var text []byte
	if err == nil {
		text, err = readText(file)
	}
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		if errors.Is(err, fs.ErrNotExist) {
			if _, ok := stdlib.Source(model); ok {
				return nil, fmt.Errorf("there is no file %s; the standard library's is %s%s", model, stdlib.Prefix, model)
			}
		}
		return nil, fmt.Errorf("cannot read %s: %w", model, err)
	}
	name := filepath.ToSlash(model)
	if model == source.Stdin {
		name = "<standard input>"
	}
	return dsl.NewSource(name, string(text)), nil
}

// errNotText is a file that is no .res file, such as a checkpoint in its place.
var errNotText = errors.New("it is no UTF-8 text, so no .res file (a checkpoint goes behind --weights)")

// readText reads a file as far as a source may be long, and a byte more, and closes it.
func readText(f io.ReadCloser) ([]byte, error) {
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, dsl.MaxSource+1))
	if err == nil && bytes.IndexByte(text, 0) >= 0 {
		err = errNotText
	}
	return text, err
}

// files finds imports beside the file that names them, and in the standard
// library.
type files struct{}

func (files) Std() []*dsl.File { return stdlib.Shared() }

func (files) Import(from *dsl.Source, path string) (*dsl.Source, error) {
	if name, ok := strings.CutPrefix(path, stdlib.Prefix); ok {
		if src, ok := stdlib.Source(strings.TrimSuffix(name, ".res")); ok {
			return src, nil
		}
		return nil, errors.New("the standard library has no such file")
	}
	if strings.HasPrefix(from.Name, stdlib.Prefix) {
		return files{}.Import(nil, stdlib.Prefix+path)
	}
	if !filepath.IsLocal(path) && !strings.HasPrefix(path, "../") {
		return nil, errors.New("an import is a relative path")
	}
	name := filepath.Join(filepath.Dir(filepath.FromSlash(from.Name)), filepath.FromSlash(path))
	f, err := source.Regular(name) // imports are read whenever a model is compiled
	var text []byte
	if err == nil {
		text, err = readText(f)
	}
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		return nil, err
	}
	return dsl.NewSource(filepath.ToSlash(name), string(text)), nil
}
