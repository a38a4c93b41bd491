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
	all     *lane     // of all threads
	alone   []*lane   // of each thread, once there was a batch
	bound   plan.Size // the input's size that lanes are for

	batch batch // under way

	// Observe, if not nil, is told how long each call of the schedule took, by
	// its index, in runs of one image.
	Observe func(call int, took time.Duration)
}

// batch is the images of a run and their outputs, side by side.
type batch struct {
	session *Session
	ctx     context.Context
	images  []float32
	outputs [][]float32
	count   int
}

// NewSession allocates what a run needs.
func (m *Model) NewSession(options ...runtime.Option) *Session {
	in := m.schedule.Input
	s := &Session{model: m, session: m.file.NewSession(options...)}
	s.all = s.newLane()
	s.bound = plan.Size{Height: in.H.Max(), Width: in.W.Max()}
	s.all.bind(s.session.Threads(), s.bound)
	return s
}

// Close ends the session's threads.
func (s *Session) Close() { s.session.Close() }

// Prepare makes later runs faster.
func (s *Session) Prepare() error { return s.session.Prepare() }

// Run computes one image in NCHW order. height and width are those of the
// image; outputs have the lengths that follow. It allocates nothing unless the
// size differs from the last run's.
func (s *Session) Run(ctx context.Context, image []float32, height, width int, outputs [][]float32) error {
	return s.RunBatch(ctx, 1, image, height, width, outputs)
}

// RunBatch is Run for a number of images, which lie side by side as each of their
// outputs do. The first run of a batch allocates memory for the activations of an
// image for each thread.
func (s *Session) RunBatch(ctx context.Context, count int, images []float32, height, width int, outputs [][]float32) error {
	if err := s.session.Enter(); err != nil {
		return err
	}
	defer s.session.Leave()
	in := s.model.schedule.Input
	if !sizeOf(in).has(height, width) {
		return fmt.Errorf("an image of %dx%d, but the model takes %v by %v", height, width, in.H, in.W)
	}
	if n := (plan.Size{Height: height, Width: width}); s.bound != n {
		s.bound = n
		s.all.bind(s.session.Threads(), n)
	}
	if count < 0 || len(images) != count*in.C*height*width || len(outputs) != len(s.all.outputs) {
		return errors.New("the image or the outputs are not of the model's size")
	}
	for i, o := range s.model.schedule.Graph.Outputs {
		if len(outputs[i]) != count*s.elements(o.Node) {
			return fmt.Errorf("output %s has %d values, but room for %d", o.Name, count*s.elements(o.Node), len(outputs[i]))
		}
	}
	if count > 1 {
		s.reserve()
	}
	s.batch = batch{s, ctx, images, outputs, count}
	defer func() { s.batch = batch{} }()
	return s.session.Threads().RunBatch(&s.batch, count)
}

// reserve gives each thread a lane.
func (s *Session) reserve() {
	for worker, t := range s.session.Threads().Alone() {
		if worker == len(s.alone) {
			s.alone = append(s.alone, s.newLane())
		}
		s.alone[worker].bind(t, s.bound)
	}
}

// Image computes the i-th image in a worker's lane, for kernel.Threads.
func (b *batch) Image(t *kernel.Threads, worker, i int) error {
	if t == b.session.all.threads {
		return b.session.all.run(b, i)
	}
	return b.session.alone[worker].run(b, i)
}

// elements is the number of values of a node for the size that is bound.
func (s *Session) elements(n *ir.Node) int {
	return n.Shape.C * s.bound.Of(n.Shape.H) * s.bound.Of(n.Shape.W)
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
