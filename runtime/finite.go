package runtime

import (
	"errors"
	"fmt"
	"math"
)

// ErrNotFinite is the error of outputs with a value that is infinite or not a number: the
// input or the weights hold one, or values have overflown. No class follows from such
// outputs.
var ErrNotFinite = errors.New("the outputs are not finite")

// CheckFinite returns an error that wraps ErrNotFinite and names the first value that is
// infinite or not a number, or nil if there is none.
func CheckFinite(outputs []float32) error {
	if finite(outputs) {
		return nil
	}
	for i, v := range outputs {
		if magnitude(v) >= infinity {
			return fmt.Errorf("%w: value %d of %d is %v", ErrNotFinite, i, len(outputs), v)
		}
	}
	return nil
}

// finite reports whether all values are finite.
func finite(values []float32) bool {
	var largest uint32
	for _, v := range values {
		largest = max(largest, magnitude(v))
	}
	return largest < infinity
}

// infinity is the magnitude of infinity. Those of finite numbers are below it
// and those of NaN above.
const infinity = 0xff << 23

// magnitude is the bits of |v|, which compare as magnitudes do.
func magnitude(v float32) uint32 { return math.Float32bits(v) &^ (1 << 31) }
