package exec

import (
	"time"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime/kernel"
)

// lane is memory for the activations of an image, and the steps that compute one
// in it with some threads.
type lane struct {
	session *Session
	arena   []float32

	bound   plan.Size // the input's size that steps are for
	threads *kernel.Threads
	steps   []func()
	image   []float32   // the caller's, while a run is under way
	outputs [][]float32 // likewise
}

func (s *Session) newLane() *lane {
	return &lane{
		session: s,
		arena:   kernel.NewArena(s.model.schedule.ArenaFloats()),
		outputs: make([][]float32, len(s.model.schedule.Graph.Outputs)),
	}
}

// bind makes a step of each call, for some threads and one size of the input,
// unless they are the last ones.
func (l *lane) bind(t *kernel.Threads, n plan.Size) {
	if l.bound == n && l.threads == t {
		return
	}
	l.bound, l.threads = n, t
	l.steps = l.steps[:0]
	for _, c := range l.session.model.schedule.Calls {
		l.steps = append(l.steps, l.step(c, n))
	}
}

// run computes the i-th image of a batch.
func (l *lane) run(b *batch, i int) error {
	size := len(b.images) / b.count
	l.image = b.images[i*size:][:size]
	for o, values := range b.outputs {
		size := len(values) / b.count
		l.outputs[o] = values[i*size:][:size]
	}
	observe := l.session.Observe
	for i, step := range l.steps {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		if observe == nil || b.count > 1 {
			step()
			continue
		}
		start := time.Now()
		step()
		observe(i, time.Since(start))
	}
	return nil
}

// memory is the slot of an operand; nil where it is absent.
func (l *lane) memory(o *plan.Operand) []float32 {
	if o == nil || o.Slot == nil {
		return nil
	}
	return l.arena[o.Slot.Offset : o.Slot.Offset+o.Slot.Size]
}
