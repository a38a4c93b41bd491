package kernel

import (
	"runtime"
	"time"
)

// MeasurePeak measures for about d how many floating-point operations one core
// does in a second with the multiply-add of the tier in force and nothing else,
// in units of 1e9. It is the best of short measurements, so that other work on
// the core hardly lowers it.
func MeasurePeak(d time.Duration) float64 {
	const iterations = 20_000
	best := 0.0
	for start := time.Now(); ; {
		before := time.Now()
		operations := multiplyAdd(iterations)
		if s := time.Since(before).Seconds(); s > 0 {
			best = max(best, float64(operations)/s/1e9)
		}
		if time.Since(start) >= d {
			return best
		}
	}
}

// multiplyAddPortable does n times twelve multiplications and additions in plain
// Go, and returns the number of operations.
func multiplyAddPortable(n int, x, y float32) (operations int) {
	var a, b, c, d, e, f, g, h, i, j, k, l float32
	for range n {
		a, b, c = a*x+y, b*x+y, c*x+y
		d, e, f = d*x+y, e*x+y, f*x+y
		g, h, i = g*x+y, h*x+y, i*x+y
		j, k, l = j*x+y, k*x+y, l*x+y
	}
	runtime.KeepAlive(a + b + c + d + e + f + g + h + i + j + k + l)
	return n * 12 * 2
}
