// Package allocs counts memory allocations, for tests of code that must not allocate.
// It imports the standard library alone, so that tests may copy it into modules of
// their own.
package allocs

import (
	"runtime"
	"runtime/debug"
)

// windows is the most that Least counts in.
const windows = 8

// Count returns the exact number of allocations of the whole process while f runs, on
// one processor and without garbage collection. Calls must not be concurrent.
func Count(f func()) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	return count(f)
}

// Least calls f once, and then counts the allocations of windows of so many calls of f
// each, like Count. It returns 0 as soon as a window has none, and otherwise the number
// of the window with the fewest.
//
// Code that allocates once in so many calls, or more often, allocates in every window,
// and so is always found. What else allocates in the process does so in some: the
// runtime when a goroutine waits for the first time after a garbage collection, a timer
// that starts a goroutine, a stack that grows. A session should be prepared
// before, so that it has nothing left to do but to run.
func Least(calls int, f func()) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC() // the one that may be running ends here
	f()
	least := ^uint64(0)
	for range windows {
		least = min(least, count(func() {
			for range calls {
				f()
			}
		}))
		if least == 0 {
			break
		}
	}
	return least
}

func count(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
