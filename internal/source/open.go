package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Stdin names standard input where a file that is read once is named.
const Stdin = "-"

// Stream opens a file that is read once and from its start: a regular one, a pipe, a
// device or, by the name "-", standard input. Opening a pipe waits for its writer. What is
// read must be bounded by the reader.
func Stream(path string) (io.ReadCloser, error) {
	if path == Stdin {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(path)
}

// Regular opens a file that is mapped or read more than once, and refuses others before
// they are opened, as opening a pipe waits for its writer.
func Regular(path string) (*os.File, error) {
	if path == Stdin {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("standard input is read only once, and this file must be read in any order: name a regular file")}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := CheckRegular(info); err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.Open(path)
}

// CheckRegular returns an error for what is no regular file.
func CheckRegular(info fs.FileInfo) error {
	switch {
	case info.Mode().IsRegular():
		return nil
	case info.IsDir():
		return fmt.Errorf("not a regular file (%s)", info.Mode())
	}
	return fmt.Errorf("not a regular file (%s), as it must be to be read in any order: copy it to one", info.Mode())
}
