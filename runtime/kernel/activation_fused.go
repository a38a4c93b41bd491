package kernel

import "math"

var (
	negativeInfinity = float32(math.Inf(-1))
	positiveInfinity = float32(math.Inf(1))
)

// clamp is the range to which the activation limits its values: all that it
// does, unless it is smooth.
func (a Activation) clamp() (low, high float32) {
	switch a {
	case ReLU:
		return 0, positiveInfinity
	case ReLU6:
		return 0, 6
	default:
		return negativeInfinity, positiveInfinity
	}
}

// smooth reports whether the activation is more than a clamp.
func (a Activation) smooth() bool { return a >= SiLU }

// finish applies a smooth activation in place, to a number of values that is a
// multiple of 16.
func (a Activation) finish(v []float32) {
	if len(v) > 0 && !a.finishVectors(v) {
		a.finishPortable(v)
	}
}

// finishPortable is finish in plain Go.
func (a Activation) finishPortable(v []float32) {
	switch a {
	case SiLU:
		for i, x := range v {
			v[i] = x * logistic(x)
		}
	case HardSwish:
		for i, x := range v {
			v[i] = x * min(max(x+3, 0), 6) / 6
		}
	case Sigmoid:
		for i, x := range v {
			v[i] = logistic(x)
		}
	}
}

func logistic(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }
