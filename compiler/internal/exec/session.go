package exec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
)

// Session runs a model for one goroutine at a time.
type Session struct {
	model   *Model
	session *runtime.Session
	arena   []float32

	bound   size // the input's size that steps are for
	steps   []func()
	image   []float32   // the caller's, while a run is under way
	outputs [][]float32 // likewise

	// Observe, if not nil, is told how long each call of the schedule took, by
	// its index.
	Observe func(call int, took time.Duration)
}

// NewSession allocates what a run needs.
func (m *Model) NewSession(options ...runtime.Option) *Session {
	in := m.schedule.Input
	s := &Session{
		model:   m,
		session: runtime.NewSession(options...),
		arena:   kernel.NewArena(m.schedule.ArenaFloats()),
		outputs: make([][]float32, len(m.schedule.Graph.Outputs)),
	}
	s.bind(size{in.H.Max(), in.W.Max()})
	return s
}

// Close ends the session's threads.
func (s *Session) Close() { s.session.Close() }

// Run computes one image in NCHW order. height and width are those of the
// image; outputs have the lengths that follow. It allocates nothing unless the
// size differs from the last run's.
func (s *Session) Run(ctx context.Context, image []float32, height, width int, outputs [][]float32) error {
	if err := s.session.Enter(); err != nil {
		return err
	}
	defer s.session.Leave()
	in := s.model.schedule.Input
	if !sizeOf(in).has(height, width) {
		return fmt.Errorf("an image of %dx%d, but the model takes %v by %v", height, width, in.H, in.W)
	}
	if s.bound != (size{height, width}) {
		s.bind(size{height, width})
	}
	if len(image) != in.C*height*width || len(outputs) != len(s.outputs) {
		return errors.New("the image or the outputs are not of the model's size")
	}
	for i, o := range s.model.schedule.Graph.Outputs {
		if len(outputs[i]) != s.elements(o.Node) {
			return fmt.Errorf("output %s has %d values, but room for %d", o.Name, s.elements(o.Node), len(outputs[i]))
		}
	}
	s.image = image
	copy(s.outputs, outputs)
	for i, step := range s.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.Observe == nil {
			step()
			continue
		}
		start := time.Now()
		step()
		s.Observe(i, time.Since(start))
	}
	return nil
}

// elements is the number of values of a node for the size that is bound.
func (s *Session) elements(n *ir.Node) int {
	return n.Shape.C * s.bound.of(n.Shape.H) * s.bound.of(n.Shape.W)
}

// Shape is the shape of an output for an image of that size.
func (m *Model) Shape(output, height, width int) []int {
	n := m.schedule.Graph.Outputs[output].Node
	s := &size{height, width}
	if n.Shape.Flat {
		return []int{n.Shape.C}
	}
	return []int{n.Shape.C, s.of(n.Shape.H), s.of(n.Shape.W)}
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

// bind makes a step of each call, for one size of the input.
func (s *Session) bind(n size) {
	s.bound = n
	s.steps = s.steps[:0]
	for _, c := range s.model.schedule.Calls {
		s.steps = append(s.steps, s.step(c, &n))
	}
}
