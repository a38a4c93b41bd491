//go:build !unix

package main

import "runtime"

// maxRSS is the memory that Go has taken from the system, in bytes: the nearest
// that is known here to the most that was resident.
func maxRSS() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
