package kernel

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// MeasureHandover measures for about d how long two cores take to hand a cache line
// over and back: some tens of nanoseconds where they share a cache, several times as
// long where they do not. A virtual machine may be moved between the two, and threads
// that work on one image feel it. It is the best of short measurements, and 0 with
// one processor.
func MeasureHandover(d time.Duration) time.Duration {
	if runtime.GOMAXPROCS(0) < 2 {
		return 0
	}
	const rounds = 100
	var line atomic.Int64 // even where it is the caller's turn; negative at the end
	go func() {
		for v := line.Load(); v >= 0; v = line.Load() {
			if v%2 == 1 {
				line.Store(v + 1)
			}
		}
	}()
	best, v := time.Duration(math.MaxInt64), int64(0)
	for start := time.Now(); v == 0 || time.Since(start) < d; {
		before := time.Now()
		for range rounds {
			line.Store(v + 1)
			for v += 2; line.Load() != v; {
			}
		}
		best = min(best, time.Since(before)/rounds)
	}
	line.Store(-1)
	return best
}
