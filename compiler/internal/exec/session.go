package exec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/runtime"
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
	if s.model == nil {
		return runtime.ErrClosed
	}
	in := s.model.schedule.Input
	if !sizeOf(in).has(height, width) {
		return fmt.Errorf("an image of %dx%d, but the model takes %v by %v", height, width, in.H, in.W)
	}
	named := s.model.schedule.Graph.Outputs
	if count < 0 || len(images) != count*in.C*height*width || len(outputs) != len(named) {
		return errors.New("the image or the outputs are not of the model's size")
	}
	size := plan.Size{Height: height, Width: width}
	for i, o := range named {
		if n := count * o.Node.Shape.C * size.Of(o.Node.Shape.H) * size.Of(o.Node.Shape.W); len(outputs[i]) != n {
			return fmt.Errorf("output %s has %d values, but room for %d", o.Name, n, len(outputs[i]))
		}
	}
	b := batch{ctx: ctx, size: size, images: images, outputs: outputs, count: count}
	if count == 1 {
		b.observe = s.Observe
	}
	return s.session.Run(b, count)
}

// Shape is the shape of an output for an image of that size.
func (m *Model) Shape(output, height, width int) []int {
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
