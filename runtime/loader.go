package runtime

import (
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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
// use it notes and goes on, so that Done names every fault at once. What it
// returns is packed by Done, and of use only if that returns nil. It keeps
// nothing of the checkpoint, which may be closed then.
type Loader struct {
	file     *safetensors.File
	asked    map[string]int  // names that the model has read, in its order
	faulty   map[string]bool // names that are in fault
	idle     []string        // what names begin with that need not be read
	fault    WeightsError
	packings []*packing
}

// packing is what Done packs for one kernel.
type packing struct {
	fold   Fold
	rows   *rows
	bias   []float32
	size   int                    // of the packed values
	pack   func(values []float32) // packs them from the rows
	values []float32              // where to
	err    error
}

// NewLoader returns a loader for the checkpoint c.
func NewLoader(c *safetensors.File) *Loader {
	return &Loader{file: c, asked: make(map[string]int), faulty: make(map[string]bool)}
}

// spec is a specification of weights of type W; see package kernel.
type spec[W any] interface {
	Size() int
	PackTo(values []float32, rows kernel.Rows, bias []float32)
	Over(values []float32) *W
}

// add has Done pack a layer, and returns what will be its weights.
func add[W any](l *Loader, s spec[W], f Fold, r *rows, bias []float32) *W {
	w := new(W)
	l.packings = append(l.packings, &packing{fold: f, rows: r, bias: bias, size: s.Size(), pack: func(values []float32) {
		s.PackTo(values, r, bias)
		*w = *s.Over(values)
	}})
	return w
}

// Idle allows entries whose names begin with one of these, though the model does
// not read them: those of layers that none of its outputs needs.
func (l *Loader) Idle(prefixes ...string) { l.idle = append(l.idle, prefixes...) }

// Filter packs a convolution, from a weight of shape
// [Out, In/Groups, KernelH, KernelW].
func (l *Loader) Filter(s kernel.FilterSpec, f Fold) *kernel.Filter {
	r, bias, ok := l.fold(f, s.Out, s.In/max(s.Groups, 1), s.KernelH, s.KernelW)
	if !ok {
		return nil
	}
	return add[kernel.Filter](l, s, f, r, bias)
}

// Dense packs a linear layer, from a weight of shape [Out, C·H·W].
func (l *Loader) Dense(s kernel.LinearSpec, f Fold) *kernel.Dense {
	r, bias, ok := l.fold(f, s.Out, s.In.C*s.In.H*s.In.W)
	if !ok {
		return nil
	}
	return add[kernel.Dense](l, s, f, r, bias)
}

// ScaleShift packs norms that no layer takes in.
func (l *Loader) ScaleShift(channels int, norms ...Norm) *kernel.ScaleShift {
	a, ok := l.compose(channels, norms)
	if !ok {
		return nil
	}
	ones := slices.Repeat([]float32{1}, channels)
	r := &rows{tensor: safetensors.FromFloat32("", []int{channels}, ones), scale: a.scale}
	return add[kernel.ScaleShift](l, kernel.ScaleShiftSpec{C: channels}, Fold{Norms: norms}, r, toFloat32(a.shift))
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
		if _, asked := l.asked[name]; !idle && !asked && name[strings.LastIndexByte(name, '.')+1:] != "num_batches_tracked" {
			l.fault.Extra = append(l.fault.Extra, name)
		}
	}
	l.pack(l.fault.count() == 0)
	if l.fault.count() == 0 {
		return nil
	}
	fault := l.fault
	slices.SortStableFunc(fault.Unusable, func(a, b Unusable) int { return l.asked[a.Name] - l.asked[b.Name] })
	return &fault
}

// pack packs every layer, on all processors, into memory that lies in one piece;
// or, where faults are known already, only looks for more. Each layer's bits are
// the same however many processors there are.
func (l *Loader) pack(whole bool) {
	var values []float32
	if whole {
		size := 0
		for _, x := range l.packings {
			size += x.size
		}
		values = kernel.NewArena(size)
	}
	for _, x := range l.packings {
		if whole {
			x.values, values = values[:x.size:x.size], values[x.size:]
		}
	}
	largestFirst := slices.Clone(l.packings)
	slices.SortStableFunc(largestFirst, func(a, b *packing) int { return b.size - a.size })
	parallel(len(largestFirst), func(i int) { largestFirst[i].run() })
	for _, x := range l.packings {
		switch {
		case x.err != nil:
			l.unusable(x.fold.Weight, x.err.Error())
		case !x.rows.finite() || !finite(x.bias):
			l.blame(x.fold)
		}
	}
	l.packings = nil
}

// run packs the layer, or only reads its rows where it was given no memory.
func (x *packing) run() {
	if x.err = x.rows.open(); x.err != nil {
		return
	}
	if x.values != nil {
		x.pack(x.values)
		return
	}
	row := make([]float32, x.rows.length)
	for c := range x.rows.tensor.Shape[0] {
		x.rows.Row(row, c, 0)
	}
}

// parallel calls do for 0 to n-1, on all processors.
func parallel(n int, do func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, goruntime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	all.Wait()
}

// tensor finds an entry that converts to float32, and must have that shape. The
// first fault of an entry is noted, and no other.
func (l *Loader) tensor(name string, shape ...int) (t safetensors.Tensor, ok bool) {
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
