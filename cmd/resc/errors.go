package main

import (
	"errors"
	"io/fs"
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
