package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/resc-lang/resc/internal/escape"
)

// bare is an error of the file system without the file's name, for messages
// that have named it.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// lines is an error whose text has several lines. Names in it are escaped.
type lines []string

func (l lines) Error() string   { return strings.Join(l, "\n") }
func (l lines) Lines() []string { return l }

// message is an error as it is printed: escaped, on one line, except that an error of
// several lines keeps them.
func message(err error) string {
	text := err.Error()
	var several interface {
		error
		Lines() []string
	}
	if errors.As(err, &several) {
		if before, after, found := strings.Cut(text, several.Error()); found {
			return escape.Line(before) + escape.Text(several.Error()) + escape.Line(after)
		}
	}
	return escape.Line(text)
}
