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

// clearHalo zeroes the halo beside the rows top..bottom of a block, and those
// above and below the image where the first or the last row is among them.
func (l Layout) clearHalo(v []float32, block, top, bottom int) {
	if l.Halo == 0 || top >= bottom {
		return
	}
	g := l.grid()
	side := l.Halo * g.pixel
	// What is right of a row and left of the next lies side by side.
	clear(v[g.at(block, top, -l.Halo):][:side])
	at := g.at(block, top, l.W)
	for range bottom - top - 1 {
		clear(v[at:][:2*side])
		at += g.row
	}
	clear(v[at:][:side])
	if top == 0 {
		clear(v[g.at(block, -l.Halo, -l.Halo):][:l.Halo*g.row])
	}
	if bottom == l.H {
		clear(v[g.at(block, l.H, -l.Halo):][:l.Halo*g.row])
	}
}

// finish applies a smooth activation in place.
func (a Activation) finish(v []float32) {
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
