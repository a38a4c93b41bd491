package runtime

import (
	"errors"
	goruntime "runtime"
	"sync/atomic"
	"unsafe"

	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/kernel"
)

var (
	// ErrBusy is the error of a session that two goroutines use at once.
	ErrBusy = errors.New("runtime: the session is in use by another goroutine; make one session for each")
	// ErrClosed is the error of a session, or a model, that was closed.
	ErrClosed = errors.New("runtime: closed")
	// ErrFileChanged is the error of packed weights whose file was truncated or overwritten
	// while it was open. Open the file again. To replace a file, write a new one beside it
	// and rename that over it: what is open keeps the old one.
	ErrFileChanged = source.ErrChanged
)

// maxThreads bounds what Threads takes.
const maxThreads = 1024

// Option changes how a session runs.
type Option func(*options)

type options struct{ threads int }

// Threads sets the number of threads that share each layer's work, at most
// 1024. Below 1 it is the default: GOMAXPROCS, which heeds a container's limits.
// Results do not depend on it.
func Threads(n int) Option {
	return func(o *options) { o.threads = n }
}

// Batch is the images of one call of Session.Run, and the memory for their outputs.
type Batch[A any] interface {
	// Image computes the i-th image with the threads t, in an arena of which nobody
	// else makes use meanwhile. It is called for several images at once.
	Image(t *kernel.Threads, arena *A, i int) error
}

// Session runs a model for one goroutine at a time: a pool of threads, an arena of
// activations for each image that is computed at once, and a guard against use by two
// goroutines. Emitted packages wrap one, with A the type of their arena and B that of
// their batches. The methods of a nil Session, and of a zero one, return ErrClosed.
type Session[A any, B Batch[A]] struct {
	threads  *kernel.Threads // nil for a session that never began
	weights  *Weights        // nil for none
	newArena func() *A
	arenas   []*A // the first, and of each other thread once there was a batch
	state    atomic.Int32
	runs     int // begun, up to PreparingRun
	batch    batch[A, B]
	refusal  error // of a session that never began; nil for ErrClosed
}

// PreparingRun is the run of a session that begins with Prepare, unless that was called
// before: a process that computes a few images does not pay for what pays off over many.
const PreparingRun = 64

// The states of a session. A session that is closed while it runs is closing
// until the run ends.
const (
	idle int32 = iota
	running
	closing
	closed
)

// NewSession starts a session over weights, which it keeps until it is closed. newArena
// makes the memory for the activations of one image. Threads end with Close, or when the
// session is garbage. Over weights that are nil or closed the session is closed too. Over
// packed weights whose file has another size or time of change than when it was opened, it
// returns ErrFileChanged whenever it is used.
func NewSession[A any, B Batch[A]](w *Weights, newArena func() *A, opts ...Option) *Session[A, B] {
	if !w.keep() {
		return &Session[A, B]{}
	}
	if err := w.unchanged(); err != nil {
		w.release()
		return &Session[A, B]{refusal: err}
	}
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.threads < 1 {
		o.threads = goruntime.GOMAXPROCS(0)
	}
	s := &Session[A, B]{threads: kernel.NewThreads(min(o.threads, maxThreads)), weights: w, newArena: newArena}
	s.arenas = make([]*A, s.threads.N())
	s.arenas[0] = newArena()
	s.batch.session = s
	return s
}

// Run computes n images. As long as there are images for all threads, each takes one
// after another and waits for no other thread between layers; what is left over they
// compute together. It returns the first error of an image, ErrBusy while another run is
// under way, ErrClosed after Close, and ErrFileChanged where the file of packed weights was
// truncated, after which it can be called again. It allocates nothing of its own, but for
// an arena for each thread in the first run of several images.
func (s *Session[A, B]) Run(images B, n int) (err error) {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave(&err)
	defer source.Catch(source.Watch(), &err)
	if n > 1 {
		for i, a := range s.arenas {
			if a == nil {
				s.arenas[i] = s.newArena()
			}
		}
	}
	s.batch.images = images
	return s.threads.RunBatch(&s.batch, n)
}

// batch is the images of the run under way.
type batch[A any, B Batch[A]] struct {
	session *Session[A, B]
	images  B
}

// Image computes an image in a worker's arena, for kernel.Threads.
func (b *batch[A, B]) Image(t *kernel.Threads, worker, i int) error {
	return b.images.Image(t, b.session.arenas[worker], i)
}

// One returns a batch of the one value that p points to.
func One[T any](p *T) []T { return unsafe.Slice(p, 1) }

// enter begins a run; leave must follow unless there is an error.
func (s *Session[A, B]) enter() error {
	switch {
	case s != nil && s.refusal != nil:
		return s.refusal
	case s == nil || s.threads == nil || s.state.Load() >= closing:
		return ErrClosed
	case !s.state.CompareAndSwap(idle, running):
		if s.state.Load() >= closing {
			return ErrClosed
		}
		return ErrBusy
	}
	if err := s.begin(); err != nil {
		s.leave(&err)
		return err
	}
	s.threads.Begin()
	return nil
}

// begin does what a run needs first.
func (s *Session[A, B]) begin() error {
	if s.weights.faulty.Load() {
		if err := s.weights.unchanged(); err != nil {
			return err
		}
	}
	if s.runs < PreparingRun {
		if s.runs++; s.runs == PreparingRun {
			return s.prepare()
		}
	}
	return nil
}

// leave ends the run that enter began, with an error or nil.
func (s *Session[A, B]) leave(err *error) {
	if errors.Is(*err, ErrFileChanged) {
		s.weights.faulty.Store(true) // all sessions look at the file from now on
	}
	var none B
	s.batch.images = none
	s.threads.End()
	if !s.state.CompareAndSwap(running, idle) {
		s.end() // Close came during the run
	}
}

// Prepare makes later runs faster, of this session and of all others over its weights: large
// filters are transformed where that pays, into up to four times their size, and on Linux
// the memory of all weights and sessions of the process moves to large pages. It takes some
// tenths of a second and all processors; a server calls it before it takes requests.
// Without it the session's 64th run begins with the same. Results keep their bits. The
// errors are ErrBusy, ErrClosed and ErrFileChanged.
func (s *Session[A, B]) Prepare() (err error) {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave(&err)
	if s.runs < PreparingRun {
		s.runs = PreparingRun
		return s.prepare()
	}
	return nil
}

// prepare is Prepare during a run, which keeps the weights.
func (s *Session[A, B]) prepare() error {
	if err := s.weights.prepare(); err != nil {
		return err
	}
	kernel.UseLargePages()
	return nil
}

// Close ends the session's threads: at once, or as soon as the run under way
// ends. It may be called more than once and from any goroutine.
func (s *Session[A, B]) Close() {
	for s != nil && s.threads != nil {
		switch {
		case s.state.CompareAndSwap(idle, closing):
			s.end()
			return
		case s.state.CompareAndSwap(running, closing):
			return // leave does the rest
		case s.state.Load() >= closing:
			return
		}
	}
}

// end takes a closing session's threads down.
func (s *Session[A, B]) end() {
	s.threads.Close()
	s.state.Store(closed)
	s.weights.release()
}
