// Package exec runs a schedule in memory, with the kernels that emitted code
// calls and the same geometry: both give the same bits.
package exec

import (
	"fmt"
	"io"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// Model is a schedule with its packed weights. It is immutable, and sessions
// share it.
type Model struct {
	schedule *plan.Schedule
	weights  map[*plan.Weights]any // *kernel.Filter, *kernel.Dense or *kernel.ScaleShift
	bytes    int64
	file     *runtime.Weights
}

// Load makes a model of a file of weights, and takes the file over unless there is
// an error: a checkpoint, which is folded and packed, or packed weights. name is
// the network's.
func Load(name string, s *plan.Schedule, f *runtime.Weights) (*Model, error) {
	m := &Model{schedule: s, weights: map[*plan.Weights]any{}, file: f}
	if err := m.load(f.Loader(name)); err != nil {
		return nil, err
	}
	for _, w := range m.weights {
		m.bytes += int64(w.(interface{ Bytes() int }).Bytes())
	}
	return m, nil
}

// load asks for the weights of every layer.
func (m *Model) load(l *runtime.Loader) error {
	l.Idle(m.schedule.Idle...)
	for _, w := range m.schedule.Weights {
		m.weights[w] = pack(l, w)
	}
	return l.Done()
}

// Pack packs a checkpoint and writes a file of packed weights.
func Pack(w io.Writer, name string, s *plan.Schedule, c *safetensors.File) error {
	l := runtime.CheckpointWeights(c).Loader(name)
	m := &Model{schedule: s, weights: map[*plan.Weights]any{}}
	if err := m.load(l); err != nil {
		return err
	}
	return l.WritePacked(w, string(s.Memory))
}

// Close releases the memory of packed weights once the last session is closed.
func (m *Model) Close() error {
	if m == nil {
		return nil
	}
	return m.file.Close()
}

// Tier names the tier of kernels in force.
func Tier() string { return kernel.Tier() }

// WeightBytes is the memory that packed weights occupy.
func (m *Model) WeightBytes() int64 {
	if m == nil {
		return 0
	}
	return m.bytes
}

// PackedBytes is the memory that a schedule's packed weights occupy, for the
// tier of kernels in force.
func PackedBytes(s *plan.Schedule) int64 {
	var n int64
	for _, w := range s.Weights {
		n += 4 * int64(w.Spec.Size())
	}
	return n
}

// pack loads one layer's weights.
func pack(l *runtime.Loader, w *plan.Weights) any {
	switch s := w.Spec.(type) {
	case kernel.FilterSpec:
		return l.Filter(s, w.Fold)
	case kernel.LinearSpec:
		return l.Dense(s, w.Fold)
	case kernel.ScaleShiftSpec:
		return l.ScaleShift(s.C, w.Fold.Norms...)
	}
	panic(fmt.Sprintf("exec: no weights of %T", w.Spec))
}
