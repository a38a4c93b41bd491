package exec

import (
	"context"
	"time"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime/kernel"
)

// arena is memory for the activations of an image, and the steps that compute one in it.
type arena struct {
	model  *Model
	memory []float32

	bound   plan.Size // the input's size that steps are for
	steps   []func(*kernel.Threads)
	image   []float32   // the caller's, while a run is under way
	outputs [][]float32 // likewise
}

// newArena makes one for the largest input.
func (m *Model) newArena() *arena {
	in := m.schedule.Input
	a := &arena{
		model:   m,
		memory:  kernel.NewArena(m.schedule.ArenaFloats()),
		outputs: make([][]float32, len(m.schedule.Graph.Outputs)),
	}
	a.bind(plan.Size{Height: in.H.Max(), Width: in.W.Max()})
	return a
}

// bind makes a step of each call for one size of the input, unless it is the last one.
func (a *arena) bind(n plan.Size) {
	if a.bound == n {
		return
	}
	a.bound = n
	a.steps = a.steps[:0]
	for _, c := range a.model.schedule.Calls {
		a.steps = append(a.steps, a.step(c, n))
	}
}

// batch is the images of a run and their outputs, side by side.
type batch struct {
	ctx     context.Context
	size    plan.Size
	images  []float32
	outputs [][]float32
	count   int
	after   func(t *kernel.Threads, a *arena, call int, took time.Duration) // each call; or nil
}

// Image computes the i-th image.
func (b batch) Image(t *kernel.Threads, a *arena, i int) error {
	a.bind(b.size)
	size := len(b.images) / b.count
	a.image = b.images[i*size:][:size]
	for o, values := range b.outputs {
		size := len(values) / b.count
		a.outputs[o] = values[i*size:][:size]
	}
	for i, step := range a.steps {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		if b.after == nil {
			step(t)
			continue
		}
		start := time.Now()
		step(t)
		b.after(t, a, i, time.Since(start))
	}
	return nil
}

// slot is the memory of an operand; nil where it is absent.
func (a *arena) slot(o *plan.Operand) []float32 {
	if o == nil || o.Slot == nil {
		return nil
	}
	return a.memory[o.Slot.Offset : o.Slot.Offset+o.Slot.Size]
}
