package compiler

import (
	"context"
	"io"
	"time"

	"github.com/resc-lang/resc/compiler/internal/exec"
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// Weight is an entry of the state dictionary that a program reads.
type Weight struct {
	Name  string
	Shape []int
}

// Weights lists what the program reads from a state dictionary: parameters, and
// the running statistics of batch normalisation.
func (p *Program) Weights() []Weight { return entries(p.written.Nodes) }

func entries(nodes []*ir.Node) []Weight {
	var ws []Weight
	for _, n := range nodes {
		for _, w := range n.Weights() {
			ws = append(ws, Weight{w.Name, w.Shape})
		}
	}
	return ws
}

// Network is a program with its weights, ready to run in memory. It is
// immutable and may be shared. A zero Network has no outputs, and its sessions are closed.
type Network struct {
	program *Program
	model   *exec.Model
}

// Load folds and packs the weights of a checkpoint, which may be closed then.
// Where they do not fit, the error is a *runtime.WeightsError that lists
// everything.
func (p *Program) Load(f *safetensors.File) (*Network, error) {
	return p.Open(runtime.CheckpointWeights(f))
}

// Pack packs a checkpoint as Load does, and writes a file of packed weights for
// this processor's tier of kernels.
func (p *Program) Pack(w io.Writer, f *safetensors.File) error {
	return exec.Pack(w, p.Name(), p.schedule, f)
}

// Open makes a network of an open file of weights: a checkpoint, as Load does, or
// packed weights, which are used where they lie. Unless there is an error the
// network takes the file over, and Network.Close closes it.
func (p *Program) Open(w *runtime.Weights) (*Network, error) {
	m, err := exec.Load(p.Name(), p.schedule, w)
	if err != nil {
		return nil, err
	}
	return &Network{p, m}, nil
}

// Close releases the memory of packed weights once the last session is closed;
// sessions cannot be made any more.
func (n *Network) Close() error { return n.model.Close() }

// WeightBytes is the memory that packed weights occupy.
func (n *Network) WeightBytes() int64 { return n.model.WeightBytes() }

// Session runs a network for one goroutine at a time. A zero Session is closed.
type Session struct{ session exec.Session }

// NewSession allocates what a run needs: activations, and threads as the
// options say.
func (n *Network) NewSession(options ...runtime.Option) *Session {
	return &Session{n.model.NewSession(options...)}
}

// Close ends the session's threads.
func (s *Session) Close() { s.session.Close() }

// Prepare makes later runs faster, of all sessions, as a session's 64th run does without
// it: see runtime.Session.Prepare.
func (s *Session) Prepare() error { return s.session.Prepare() }

// OutputShape is the shape of one image's output for an image of that size:
// [C,H,W], or [C] for a vector.
func (n *Network) OutputShape(output, height, width int) []int {
	return n.model.Shape(output, height, width)
}

// Run computes one image: C·height·width values in NCHW order. Each output has
// the number of values that its shape says. The same bits come out for any number
// of threads. From its second run of one size on, Run allocates nothing.
func (s *Session) Run(ctx context.Context, image []float32, height, width int, outputs [][]float32) error {
	return s.session.RunBatch(ctx, 1, image, height, width, outputs)
}

// RunBatch is Run for a number of images, which lie side by side as each of their
// outputs do, with the same bits. Threads compute images of their own, and only what
// is left over together; the first run of a batch allocates memory for that.
func (s *Session) RunBatch(ctx context.Context, count int, images []float32, height, width int, outputs [][]float32) error {
	return s.session.RunBatch(ctx, count, images, height, width, outputs)
}

// Layer is one kernel call of a program, as profiles show it.
type Layer struct {
	Name   string // weight path
	Op     string // what is fused: "conv 3x3 64 pad 1, bn1, relu"
	Kernel string
	// Algorithm is how this process computes a convolution; empty for other calls.
	Algorithm string
	Source    string // file and line
	MACs      int64
}

// Layers lists the kernel calls in order.
func (p *Program) Layers() []Layer {
	var ls []Layer
	for _, c := range p.schedule.Calls {
		ls = append(ls, layer(c))
	}
	return ls
}

func layer(c *plan.Call) Layer {
	l := Layer{Name: c.Node.Path, Op: ir.Describe(c.Node), Kernel: plan.TypeName(c.Kernel), Algorithm: c.Algorithm(exec.Tier())}
	if c.Node.Source.IsValid() {
		l.Source = c.Node.Source.String()
	}
	if c.Weights != nil {
		l.MACs = c.Node.MACs()
	}
	return l
}

// Observe has f told how long each call took, by its index among the program's
// Layers, in the runs that follow; nil ends that.
func (s *Session) Observe(f func(call int, took time.Duration)) { s.session.Observe = f }

// Idle lists what the names of weights begin with that no output needs: entries
// below may be in a state dictionary or not.
func (p *Program) Idle() []string { return p.schedule.Idle }
