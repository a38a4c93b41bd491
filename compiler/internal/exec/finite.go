package exec

import (
	"context"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
)

// FirstNotFinite runs an image as RunBatch does, and returns the index of the first call
// of the schedule that makes a value which is not finite, or -1 if none does.
func (m *Model) FirstNotFinite(ctx context.Context, image []float32, height, width int) (int, error) {
	a := m.newArena() // of zeros: what is not finite in it, a call has written
	a.bind(plan.Size{Height: height, Width: width})
	a.image = image
	for i := range a.outputs {
		n := 1
		for _, d := range m.Shape(i, height, width) {
			n *= d
		}
		a.outputs[i] = make([]float32, n)
	}
	t := kernel.NewThreads(1)
	defer t.Close()
	for i, step := range a.steps {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		step(t)
		if runtime.CheckFinite(a.slot(m.schedule.Calls[i].Dst)) != nil {
			return i, nil
		}
	}
	return -1, nil
}
