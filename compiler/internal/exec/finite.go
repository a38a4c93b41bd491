package exec

import (
	"context"
	"time"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
)

// FirstNotFinite runs an image as RunBatch does, and returns the first call of the schedule
// whose result has a value that is not finite, or nil if none has.
func (s *Session) FirstNotFinite(ctx context.Context, image []float32, height, width int) (*plan.Call, error) {
	b := batch{ctx: ctx, size: plan.Size{Height: height, Width: width}, images: image, count: 1}
	if err := s.takes(b.size); err != nil {
		return nil, err
	}
	for _, o := range s.model.schedule.Graph.Outputs {
		b.outputs = append(b.outputs, make([]float32, elements(o.Node.Shape, b.size)))
	}
	var first *plan.Call
	b.after = func(t *kernel.Threads, a *arena, call int, _ time.Duration) {
		if c := s.model.schedule.Calls[call]; first == nil && runtime.CheckFinite(a.result(t, c)) != nil {
			first = c
		}
	}
	err := s.run(b)
	return first, err
}

// result is what a call has just computed, without the halo and the spare lanes of its
// slot.
func (a *arena) result(t *kernel.Threads, c *plan.Call) []float32 {
	switch c.Kernel.(type) {
	case plan.Import:
		return a.image
	case plan.Export:
		return a.outputs[c.Dst.Output]
	}
	values := make([]float32, elements(c.Dst.Node.Shape, a.bound))
	plan.Export{In: c.Dst.Layout}.At(a.bound).Run(t, values, a.slot(c.Dst))
	return values
}
