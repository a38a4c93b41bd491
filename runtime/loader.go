package runtime

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/internal/cpu"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/packed"
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

// Loader makes the weights of one model from one file. From a checkpoint it
// packs them: what it cannot use it notes and goes on, so that Done names every
// fault at once. A file of packed weights it compares with what the model asks
// for. What it returns is made by Done, and of use only if that returns nil; of a
// checkpoint nothing is kept. For a zero Loader all weights are missing.
type Loader struct {
	model    string       // its name
	weights  *Weights     // or nil
	packed   *packed.File // or nil for a checkpoint
	file     *safetensors.File
	asked    map[string]int  // names that the model has read, in its order
	faulty   map[string]bool // names that are in fault
	idle     []string        // what names begin with that need not be read
	fault    WeightsError
	changed  error // the file was truncated meanwhile
	packings []*packing
	filters  []*kernel.Filter
}

// NewLoader returns a loader for the checkpoint c.
func NewLoader(c *safetensors.File) *Loader {
	return &Loader{file: c}
}

// Idle allows entries whose names begin with one of these, though the model does
// not read them: those of layers that none of its outputs needs.
func (l *Loader) Idle(prefixes ...string) { l.idle = append(l.idle, prefixes...) }

// Filter packs a convolution, from a weight of shape
// [Out, In/Groups, KernelH, KernelW].
func (l *Loader) Filter(s kernel.FilterSpec, f Fold) *kernel.Filter {
	layer := describe(s, f)
	if l.packed != nil {
		s.Algorithm = s.Algorithm.Like(l.packed.Tier)
	}
	w := add[kernel.Filter](l, layer, s, f, s.Out, s.In/max(s.Groups, 1), s.KernelH, s.KernelW)
	if w != nil {
		l.filters = append(l.filters, w)
	}
	return w
}

// Dense packs a linear layer, from a weight of shape [Out, C·H·W].
func (l *Loader) Dense(s kernel.LinearSpec, f Fold) *kernel.Dense {
	return add[kernel.Dense](l, describe(s, f), s, f, s.Out, s.In.C*s.In.H*s.In.W)
}

// ScaleShift packs norms that no layer takes in.
func (l *Loader) ScaleShift(channels int, norms ...Norm) *kernel.ScaleShift {
	s, f := kernel.ScaleShiftSpec{C: channels}, Fold{Norms: norms}
	return add[kernel.ScaleShift](l, describe(s, f), s, f, channels)
}

// Done returns nil if the checkpoint has what the model reads and nothing
// besides, and a *WeightsError otherwise. Entries that are Idle, and those named
// num_batches_tracked, which only training uses, may be there. For packed weights
// it returns nil if they are those of the model, for this processor and this
// version of the kernels, and whole. A mapped file that was truncated or overwritten
// meanwhile is ErrFileChanged.
func (l *Loader) Done() (err error) {
	if err := cmp.Or(cpu.Check(), l.changed); err != nil {
		return err
	}
	defer source.Catch(source.Watch(), &err)
	if l.packed != nil {
		if err := l.open(); err != nil {
			return l.weights.named(err)
		}
		l.weights.loaded(l.filters)
		return nil
	}
	if err := l.fit(); err != nil || l.weights == nil {
		return err
	}
	l.weights.loaded(l.filters)
	return l.weights.done()
}

// fit packs a checkpoint.
func (l *Loader) fit() error {
	l.fault.Extra = nil
	for _, name := range l.file.Names() {
		idle := slices.ContainsFunc(l.idle, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if _, asked := l.asked[name]; !idle && !asked && name[strings.LastIndexByte(name, '.')+1:] != "num_batches_tracked" {
			l.fault.Extra = append(l.fault.Extra, name)
		}
	}
	if err := l.pack(l.fault.count() == 0); err != nil {
		return err
	}
	if l.fault.count() == 0 {
		return nil
	}
	fault := l.fault
	slices.SortStableFunc(fault.Unusable, func(a, b Unusable) int { return l.asked[a.Name] - l.asked[b.Name] })
	return &fault
}

// tensor finds an entry that converts to float32, and must have that shape. The
// first fault of an entry is noted, and no other.
func (l *Loader) tensor(name string, shape ...int) (t safetensors.Tensor, ok bool) {
	if l.asked == nil {
		l.asked, l.faulty = make(map[string]int), make(map[string]bool)
	}
	if _, ok := l.asked[name]; !ok {
		l.asked[name] = len(l.asked)
	}
	if l.faulty[name] {
		return t, false
	}
	t, ok = l.file.Tensor(name)
	switch {
	case !ok:
		l.faulty[name] = true
		l.fault.Missing = append(l.fault.Missing, name)
	case !slices.Equal(t.Shape, shape):
		l.faulty[name] = true
		l.fault.Misshaped = append(l.fault.Misshaped, Misshape{name, t.Shape, slices.Clone(shape)})
	case !t.DType.Convertible():
		l.unusable(name, fmt.Sprintf("%s does not convert to float32; F64, F32, F16 and BF16 do", t.DType))
	default:
		return t, true
	}
	return t, false
}

// read returns the values of an entry, which must have that shape.
func (l *Loader) read(name string, shape ...int) (values []float32, ok bool) {
	t, ok := l.tensor(name, shape...)
	if !ok {
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
