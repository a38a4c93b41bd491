package exec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
)

// Session runs a model for one goroutine at a time. A zero one is closed.
type Session struct {
	model   *Model
	session *runtime.Session[arena, batch]

	// Observe, if not nil, is told how long each call of the schedule took, by
	// its index, in runs of one image.
	Observe func(call int, took time.Duration)
}

// NewSession allocates what a run needs.
func (m *Model) NewSession(options ...runtime.Option) Session {
	if m == nil {
		return Session{}
	}
	return Session{model: m, session: runtime.NewSession[arena, batch](m.file, m.newArena, options...)}
}

// Close ends the session's threads.
func (s *Session) Close() { s.session.Close() }

// Prepare makes later runs faster.
func (s *Session) Prepare() error { return s.session.Prepare() }

// RunBatch computes a number of images in NCHW order, which lie side by side as each of
// their outputs do. height and width are those of an image; outputs have the lengths that
// follow. It allocates nothing unless the size differs from the last run's, or it is the
// first run of several images, which takes memory for each thread.
func (s *Session) RunBatch(ctx context.Context, count int, images []float32, height, width int, outputs [][]float32) error {
	b := batch{ctx: ctx, size: plan.Size{Height: height, Width: width}, images: images, outputs: outputs, count: count}
	if observe := s.Observe; observe != nil && count == 1 {
		b.after = func(_ *kernel.Threads, _ *arena, call int, took time.Duration) { observe(call, took) }
	}
	return s.run(b)
}

// takes says what is wrong with a size of the input, or that the session is closed.
func (s *Session) takes(n plan.Size) error {
	if s.model == nil {
		return runtime.ErrClosed
	}
	if in := s.model.schedule.Input; !sizeOf(in).has(n.Height, n.Width) {
		return fmt.Errorf("an image of %dx%d, but the model takes %v by %v", n.Height, n.Width, in.H, in.W)
	}
	return nil
}

// run computes a batch if it is of the model's size.
func (s *Session) run(b batch) error {
	if err := s.takes(b.size); err != nil {
		return err
	}
	in, named := s.model.schedule.Input, s.model.schedule.Graph.Outputs
	if b.count < 0 || len(b.images) != b.count*in.C*b.size.Height*b.size.Width || len(b.outputs) != len(named) {
		return errors.New("the image or the outputs are not of the model's size")
	}
	for i, o := range named {
		if n := b.count * elements(o.Node.Shape, b.size); len(b.outputs[i]) != n {
			return fmt.Errorf("output %s has %d values, but room for %d", o.Name, n, len(b.outputs[i]))
		}
	}
	return s.session.Run(b, b.count)
}

// elements is the number of values of a shape for a size of the input.
func elements(s shape.Shape, n plan.Size) int { return s.C * n.Of(s.H) * n.Of(s.W) }

// Shape is the shape of an output for an image of that size.
func (m *Model) Shape(output, height, width int) []int {
	if m == nil {
		return nil
	}
	n := m.schedule.Graph.Outputs[output].Node
	s := plan.Size{Height: height, Width: width}
	if n.Shape.Flat {
		return []int{n.Shape.C}
	}
	return []int{n.Shape.C, s.Of(n.Shape.H), s.Of(n.Shape.W)}
}

// sizes are those that a model's input may have.
type sizes struct{ height, width runtime.Sizes }

func sizeOf(l plan.Layout) sizes { return sizes{sidesOf(l.H), sidesOf(l.W)} }

func sidesOf(d shape.Dim) runtime.Sizes {
	s := runtime.Sizes{Low: d.Min(), High: d.Max(), Step: 1}
	if r := d.Range(); r != nil {
		s.Step = r.Step
	}
	return s
}

func (s sizes) has(height, width int) bool { return s.height.Has(height) && s.width.Has(width) }
