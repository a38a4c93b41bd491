//go:build !unix

package source

import (
	"errors"
	"os"
)

// mapFile leaves the caller to read the file.
func mapFile(*os.File, int64) (data []byte, unmap func() error, err error) {
	return nil, nil, errors.ErrUnsupported
}

// forget does nothing: no file is mapped.
func forget([]byte) {}
