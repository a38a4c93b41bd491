//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package tempfile

import (
	"errors"
	"os"
)

// RenameHeld is whether a file may be renamed while it is held, and so open.
const RenameHeld = false

// lock fails: nothing is held, and Sweep removes nothing.
func lock(*os.File) (free bool, err error) { return false, errors.ErrUnsupported }
