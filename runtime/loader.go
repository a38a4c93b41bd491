package runtime

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/resc-lang/resc/runtime/internal/cpu"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// Norm names a normalization in a state dictionary: batch norm, with the
// entries .weight, .bias, .running_mean and .running_var,
//
//	y = (x − mean)/√(var + Eps)·weight + bias
//
// or, with Scale, .weight and .bias alone: y = x·weight + bias.
type Norm struct {
	Name  string
	Eps   float64
	Scale bool
}

// Fold names the entries of a state dictionary that make one layer's weights:
// those of the layer itself, and the norms that follow it and are folded in.
type Fold struct {
	Weight string
	Bias   string // "" for none
	Norms  []Norm // in the order in which they are applied
}

// Loader packs the weights of one model from one checkpoint. What it cannot
// use it notes and goes on, so that Done names every fault at once; what it
// returned is of use only if Done returns nil. It keeps nothing of the
// checkpoint, which may be closed then.
type Loader struct {
	file   *safetensors.File
	asked  map[string]bool // names that the model has read
	faulty map[string]bool // names that are in fault
	fault  WeightsError
	folded []float32 // reused from layer to layer; packing copies
}

// NewLoader returns a loader for the checkpoint c.
func NewLoader(c *safetensors.File) *Loader {
	return &Loader{file: c, asked: make(map[string]bool), faulty: make(map[string]bool)}
}

// Filter packs a convolution, from a weight of shape
// [Out, In/Groups, KernelH, KernelW].
func (l *Loader) Filter(s kernel.FilterSpec, f Fold) *kernel.Filter {
	weight, bias, ok := l.fold(f, s.Out, s.In/max(s.Groups, 1), s.KernelH, s.KernelW)
	if !ok {
		return nil
	}
	return s.Pack(weight, bias)
}

// Dense packs a linear layer, from a weight of shape [Out, C·H·W].
func (l *Loader) Dense(s kernel.LinearSpec, f Fold) *kernel.Dense {
	weight, bias, ok := l.fold(f, s.Out, s.In.C*s.In.H*s.In.W)
	if !ok {
		return nil
	}
	return s.Pack(weight, bias)
}

// ScaleShift packs norms that no layer takes in.
func (l *Loader) ScaleShift(channels int, norms ...Norm) *kernel.ScaleShift {
	a, ok := l.compose(channels, norms)
	if !ok {
		return nil
	}
	scale, shift := toFloat32(a.scale), toFloat32(a.shift)
	if !finite(scale) || !finite(shift) {
		l.blame(Fold{Norms: norms})
		return nil
	}
	return kernel.PackScaleShift(scale, shift)
}

// Done returns nil if the checkpoint has what the model reads and nothing
// besides, and a *WeightsError otherwise. Entries named num_batches_tracked,
// which only training uses, may be there.
func (l *Loader) Done() error {
	if err := cpu.Check(); err != nil {
		return err
	}
	l.fault.Extra = nil
	for _, name := range l.file.Names() {
		if !l.asked[name] && name[strings.LastIndexByte(name, '.')+1:] != "num_batches_tracked" {
			l.fault.Extra = append(l.fault.Extra, name)
		}
	}
	if l.fault.count() == 0 {
		return nil
	}
	fault := l.fault
	return &fault
}

// read returns the values of an entry, which must have that shape. The first
// fault of an entry is noted, and no other.
func (l *Loader) read(name string, shape ...int) (values []float32, ok bool) {
	l.asked[name] = true
	if l.faulty[name] {
		return nil, false
	}
	t, ok := l.file.Tensor(name)
	if !ok {
		l.faulty[name] = true
		l.fault.Missing = append(l.fault.Missing, name)
		return nil, false
	}
	if !slices.Equal(t.Shape, shape) {
		l.faulty[name] = true
		l.fault.Misshaped = append(l.fault.Misshaped, Misshape{name, t.Shape, slices.Clone(shape)})
		return nil, false
	}
	values, err := t.Float32()
	if err != nil {
		l.unusable(name, err.Error())
		return nil, false
	}
	return values, true
}

// unusable notes what is wrong with an entry's values.
func (l *Loader) unusable(name, reason string) {
	if !l.faulty[name] {
		l.faulty[name] = true
		l.fault.Unusable = append(l.fault.Unusable, Unusable{name, reason})
	}
}

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

// fold reads a layer's weight of that shape, whose first dimension is the output
// channels, and folds its norms in: weight·scale and bias·scale + shift. bias is
// nil where the layer has neither bias nor norms. The slices are good until the
// next fold.
func (l *Loader) fold(f Fold, shape ...int) (weight, bias []float32, ok bool) {
	channels := shape[0]
	weight, ok = l.read(f.Weight, shape...)
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
		weight = l.scaled(weight, a.scale)
		for c := range bias {
			a.shift[c] += float64(bias[c]) * a.scale[c]
		}
		bias = toFloat32(a.shift)
	}
	if !finite(weight) || !finite(bias) {
		l.blame(f)
		return nil, nil, false
	}
	return weight, bias, true
}

// scaled multiplies each channel's weights by its scale, into l.folded.
func (l *Loader) scaled(weight []float32, scale []float64) []float32 {
	if cap(l.folded) < len(weight) {
		l.folded = make([]float32, len(weight))
	}
	out := l.folded[:len(weight)]
	row := len(weight) / len(scale)
	for c, s := range scale {
		to := out[c*row:][:row]
		for i, w := range weight[c*row:][:row] {
			to[i] = float32(float64(w) * s)
		}
	}
	return out
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

// finite reports whether all values are finite: whether their largest magnitude,
// compared as bits, is below infinity's.
func finite(values []float32) bool {
	const infinity = 0xff << 23
	var largest uint32
	for _, v := range values {
		largest = max(largest, math.Float32bits(v)&^(1<<31))
	}
	return largest < infinity
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
