package kernel

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// MeasureHandover measures for about d how long two cores take to hand a cache line
// over and back, which keeps both busy: some tens of nanoseconds where they share a
// cache, several times as long where they do not. A virtual machine may be moved
// between the two, and threads that work on one image feel it. It is the best of
// short measurements, and 0 with one processor.
func MeasureHandover(d time.Duration) time.Duration {
	if runtime.GOMAXPROCS(0) < 2 {
		return 0
	}
	const rounds, least, spinsBeforeYield = 100, 20 * time.Microsecond, 1 << 16
	var line atomic.Int64 // even where it is the caller's turn; negative at the end
	go func() {
		for spins := 1; ; spins++ {
			switch v := line.Load(); {
			case v < 0:
				return
			case v%2 == 1:
				line.Store(v + 1)
			case spins%spinsBeforeYield == 0:
				runtime.Gosched()
			}
		}
	}()
	best, v := time.Duration(math.MaxInt64), int64(0)
	for start := time.Now(); v == 0 || time.Since(start) < d; {
		before, done := time.Now(), 0
		for ; done == 0 || time.Since(before) < least; done += rounds {
			for range rounds {
				line.Store(v + 1)
				v += 2
				for spins := 1; line.Load() != v; spins++ {
					if spins%spinsBeforeYield == 0 {
						runtime.Gosched()
					}
				}
			}
		}
		best = min(best, time.Since(before)/time.Duration(done))
	}
	line.Store(-1)
	return best
}
