package kernel

import "math"

// ScaleRow sets dst to src, which may be dst and is as long, times scale: each
// product is one of float64, rounded once. It returns the bits of the largest
// magnitude among them, which compare as magnitudes do: those of infinity are above
// any number's, and those of NaN above infinity's.
func ScaleRow(dst, src []float32, scale float64) (largest uint32) {
	done, largest := scaleFours(dst, src, scale)
	src = src[done:len(dst)]
	for i, v := range src {
		v = float32(float64(v) * scale)
		dst[done+i] = v
		largest = max(largest, math.Float32bits(v)&^(1<<31))
	}
	return largest
}
