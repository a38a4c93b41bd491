package runtime

import (
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
	idle   []string        // what names begin with that need not be read
	fault  WeightsError
	folded []float32 // reused from layer to layer; packing copies
}

// NewLoader returns a loader for the checkpoint c.
func NewLoader(c *safetensors.File) *Loader {
	return &Loader{file: c, asked: make(map[string]bool), faulty: make(map[string]bool)}
}

// Idle allows entries whose names begin with one of these, though the model does
// not read them: those of layers that none of its outputs needs.
func (l *Loader) Idle(prefixes ...string) { l.idle = append(l.idle, prefixes...) }

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
// besides, and a *WeightsError otherwise. Entries that are Idle, and those named
// num_batches_tracked, which only training uses, may be there.
func (l *Loader) Done() error {
	if err := cpu.Check(); err != nil {
		return err
	}
	l.fault.Extra = nil
	for _, name := range l.file.Names() {
		idle := slices.ContainsFunc(l.idle, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if !idle && !l.asked[name] && name[strings.LastIndexByte(name, '.')+1:] != "num_batches_tracked" {
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
