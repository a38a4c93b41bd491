//go:build unix

package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxRSS is the most memory that the process has had resident, in bytes.
//
// Linux's getrusage counts what the process was before it executed this program,
// a copy of its parent, too; VmHWM is of this program alone.
func maxRSS() int64 {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		if most, ok := highWater(status); ok {
			return most
		}
	}
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

// highWater reads the line "VmHWM: 21396 kB" of /proc/self/status, in bytes.
func highWater(status []byte) (most int64, ok bool) {
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "VmHWM:" && string(f[2]) == "kB" {
			n, err := strconv.ParseInt(string(f[1]), 10, 64)
			return n * 1024, err == nil
		}
	}
	return 0, false
}
