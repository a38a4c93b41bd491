package main

import (
	"context"
	"errors"
	goruntime "runtime"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/dataset"
	"github.com/resc-lang/resc/internal/picture"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/preprocess"
)

// source is inputs that are read one at a time, by several goroutines.
type inputs interface {
	count() int
	// input is input i, or its crops. Its name is there where there is an error too.
	input(ctx context.Context, i int) (name string, inputs [][]float32, height, width int, err error)
}

// images are files that the model's preprocessing makes inputs of.
type images struct {
	program *compiler.Program
	items   []dataset.Item
	crops   int
}

func (s *images) count() int { return len(s.items) }

func (s *images) input(ctx context.Context, i int) (name string, inputs [][]float32, height, width int, err error) {
	m, err := await(ctx, func() (*preprocess.RGB, error) { return readPicture(s.items[i]) })
	if err == nil {
		inputs, height, width, err = s.program.PreprocessRGB(m, s.crops)
	}
	return s.items[i].Name, inputs, height, width, err
}

// readPicture decodes an image. Its errors do not name it.
func readPicture(it dataset.Item) (*preprocess.RGB, error) {
	f, err := it.Open()
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	m, err := picture.Read(f)
	if err != nil {
		return nil, bare(err)
	}
	return m, nil
}

// pool is sessions side by side: each reads an image, prepares it and computes it,
// so that reading goes on beside computing and no layer waits for threads. Where
// there are fewer images than threads, a session has several of them.
type pool struct {
	program  *compiler.Program
	network  *compiler.Network
	from     inputs
	used     int // outputs, the first ones, that must be finite
	sessions []*compiler.Session
}

// result is what came out for an input, or why nothing did.
type result struct {
	name  string
	crops [][][]float32 // of each crop the outputs
	err   error
	// notFinite says which layer of which crop overflows, where outputs hold infinities
	// or NaN: they are no answer.
	notFinite error
}

// logits are the first output of each crop.
func (r *result) logits() [][]float32 {
	var logits [][]float32
	for _, outputs := range r.crops {
		logits = append(logits, outputs[0])
	}
	return logits
}

// newPool makes sessions for a source's inputs, of whose outputs the first used ones are
// read. Below 1, threads are as many as processors.
func newPool(program *compiler.Program, network *compiler.Network, from inputs, used, threads int) *pool {
	if threads < 1 {
		threads = goruntime.GOMAXPROCS(0)
	}
	workers := max(min(from.count(), threads), 1)
	p := &pool{program: program, network: network, from: from, used: used}
	for i := range workers {
		share := threads / workers
		if i < threads%workers {
			share++
		}
		p.sessions = append(p.sessions, network.NewSession(runtime.Threads(share)))
	}
	return p
}

// Close ends the sessions.
func (p *pool) Close() {
	for _, s := range p.sessions {
		s.Close()
	}
}

func (p *pool) workers() int { return len(p.sessions) }

// run computes an input, as ordered.Run's work. Its error says that ctx ended.
func (p *pool) run(ctx context.Context, worker, i int) (result, error) {
	if err := ctx.Err(); err != nil {
		return result{}, err
	}
	name, inputs, h, w, err := p.from.input(ctx, i)
	if ctx.Err() != nil {
		return result{}, ctx.Err()
	}
	r := result{name: name, err: err}
	for _, input := range inputs {
		outputs := make([][]float32, p.program.Outputs())
		for o := range outputs {
			outputs[o] = make([]float32, product(p.network.OutputShape(o, h, w)))
		}
		session := p.sessions[worker]
		err := session.Run(ctx, input, h, w, outputs)
		if err == nil && r.notFinite == nil {
			r.notFinite, err = explain(ctx, session, input, h, w, outputs[:p.used])
		}
		if err != nil {
			if ctx.Err() != nil {
				return result{}, ctx.Err()
			}
			r.err = err
			break
		}
		r.crops = append(r.crops, outputs)
	}
	return r, nil
}

// explain says why outputs that a session has just computed are no answer: nil where they
// are finite.
func explain(ctx context.Context, s *compiler.Session, input []float32, height, width int, outputs [][]float32) (problem, err error) {
	for _, values := range outputs {
		if problem := runtime.CheckFinite(values); problem != nil {
			switch because := s.ExplainNotFinite(ctx, input, height, width); {
			case because == nil:
				return problem, nil
			case errors.Is(because, runtime.ErrNotFinite):
				return because, nil
			default:
				return nil, because
			}
		}
	}
	return nil, nil
}
