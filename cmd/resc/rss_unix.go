//go:build unix

package main

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// maxRSS is the most memory that the process has had resident, in bytes.
func maxRSS() int64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	most := int64(usage.Maxrss) // 32 bits wide on some systems
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return most
	}
	return most * 1024
}
