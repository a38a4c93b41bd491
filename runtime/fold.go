package runtime

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// affine is y = x·scale + shift, per channel.
type affine struct{ scale, shift []float64 }

// compose makes one affine map of norms that follow each other.
func (l *Loader) compose(channels int, norms []Norm) (a affine, ok bool) {
	a = affine{make([]float64, channels), make([]float64, channels)}
	for c := range channels {
		a.scale[c] = 1
	}
	ok = true
	for _, n := range norms {
		next, good := l.norm(channels, n)
		if !good {
			ok = false
			continue
		}
		for c := range channels {
			a.scale[c] *= next.scale[c]
			a.shift[c] = a.shift[c]*next.scale[c] + next.shift[c]
		}
	}
	return a, ok
}

// norm reads one norm. Every entry is asked for, whatever ails the others, and
// must be finite: an infinite variance would otherwise vanish in the folding.
func (l *Loader) norm(channels int, n Norm) (a affine, ok bool) {
	ok = true
	entry := func(last string) []float32 {
		name := n.Name + "." + last
		values, good := l.read(name, channels)
		if good && !finite(values) {
			l.unusable(name, notFinite)
			good = false
		}
		ok = ok && good
		return values
	}
	gamma, beta := entry("weight"), entry("bias")
	var mean, variance []float32
	if !n.Scale {
		mean, variance = entry("running_mean"), entry("running_var")
	}
	if !ok {
		return affine{}, false
	}
	a = affine{toFloat64(gamma), toFloat64(beta)}
	for c := range mean {
		if variance[c] < 0 {
			l.unusable(n.Name+".running_var", fmt.Sprintf("channel %d has a negative variance, %g", c, variance[c]))
			return affine{}, false
		}
		a.scale[c] /= math.Sqrt(float64(variance[c]) + n.Eps)
		a.shift[c] -= float64(mean[c]) * a.scale[c]
	}
	return a, true
}

// rows is a layer's weights as they are stored, with the scale of the norms that
// are folded in. It is a kernel.Rows: packing reads each value once, and folds.
type rows struct {
	tensor safetensors.Tensor // of values that convert to float32
	scale  []float64          // of each channel; nil for none

	values []float32 // where they can be read in place
	data   []byte    // and otherwise
	length int       // of a row
	beyond atomic.Bool
}

// open fetches what the tensor holds. Row may be called then.
func (r *rows) open() (err error) {
	r.length = r.tensor.Len() / r.tensor.Shape[0]
	if r.tensor.DType == safetensors.F32 {
		r.values, err = r.tensor.Float32()
	} else {
		r.data, err = r.tensor.Bytes()
	}
	return err
}

// Row folds values of a channel. Each product is rounded once.
func (r *rows) Row(dst []float32, channel, from int) {
	from += channel * r.length
	src := dst
	if r.values != nil {
		src = r.values[from:][:len(dst)]
	} else {
		r.tensor.DType.Decode(dst, r.data, from)
	}
	var largest uint32
	if r.scale == nil {
		for i, v := range src {
			dst[i] = v
			largest = max(largest, magnitude(v))
		}
	} else {
		largest = kernel.ScaleRow(dst, src, r.scale[channel])
	}
	if largest >= infinity {
		r.beyond.Store(true)
	}
}

// finite reports whether all values that were read are.
func (r *rows) finite() bool { return !r.beyond.Load() }

// fold reads a layer's weight of that shape, whose first dimension is the output
// channels, and its norms: rows of weight·scale, and bias·scale + shift. bias is
// nil where the layer has neither bias nor norms. The rows are not read yet.
// Norms alone are of a weight of ones.
func (l *Loader) fold(f Fold, shape ...int) (r *rows, bias []float32, ok bool) {
	channels := shape[0]
	r = new(rows)
	if f.Weight == "" {
		r.tensor, ok = safetensors.FromFloat32("", shape, slices.Repeat([]float32{1}, channels)), true
	} else {
		r.tensor, ok = l.tensor(f.Weight, shape...)
	}
	if f.Bias != "" {
		var good bool
		bias, good = l.read(f.Bias, channels)
		ok = ok && good
	}
	a, good := l.compose(channels, f.Norms)
	if !ok || !good {
		return nil, nil, false
	}
	if len(f.Norms) > 0 {
		r.scale = a.scale
		for c := range bias {
			a.shift[c] += float64(bias[c]) * a.scale[c]
		}
		bias = toFloat32(a.shift)
	}
	return r, bias, true
}

// notFinite is what is wrong with such values.
const notFinite = "has values that are infinite or not a number"

// blame notes which entries made a fold that is not finite. Norms have been
// checked: either a value of the layer's own is not finite, or the fold went
// beyond what a float32 holds.
func (l *Loader) blame(f Fold) {
	found := false
	for _, name := range []string{f.Weight, f.Bias} {
		if values, _, err := l.file.Float32(name); err == nil && !finite(values) {
			l.unusable(name, notFinite)
			found = true
		}
	}
	if !found {
		l.unusable(f.Norms[0].Name+".weight", "overflows float32 when the norm is folded in")
	}
}

func toFloat32(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

func toFloat64(values []float32) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}
