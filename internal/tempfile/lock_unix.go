//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tempfile

import (
	"errors"
	"os"
	"syscall"
)

// RenameHeld is whether a file may be renamed while it is held, and so open.
const RenameHeld = true

// lock tries to lock f, and reports whether it was free. The lock is that of the open
// file: the system releases it when the last process that has it open ends.
func lock(f *os.File) (free bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
