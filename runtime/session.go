package runtime

import (
	"errors"
	goruntime "runtime"
	"sync/atomic"

	"github.com/resc-lang/resc/runtime/kernel"
)

var (
	// ErrBusy is the error of a session that two goroutines use at once.
	ErrBusy = errors.New("runtime: the session is in use by another goroutine; make one session for each")
	// ErrClosed is the error of a session, or a model, that was closed.
	ErrClosed = errors.New("runtime: closed")
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

// Session is what every emitted session has: a pool of threads, and a guard
// against use by two goroutines at once. Make one with NewSession.
type Session struct {
	threads *kernel.Threads
	weights *Weights // nil for none
	state   atomic.Int32
	runs    int // begun, up to PreparingRun
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

// NewSession starts a session's threads. They end with Close, or when the
// session is garbage.
func NewSession(opts ...Option) *Session {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if o.threads < 1 {
		o.threads = goruntime.GOMAXPROCS(0)
	}
	return &Session{threads: kernel.NewThreads(min(o.threads, maxThreads))}
}

// Enter begins a run. It returns ErrBusy while another is under way, and
// ErrClosed after Close; otherwise Leave must follow.
func (s *Session) Enter() error {
	if s.state.CompareAndSwap(idle, running) {
		if s.runs < PreparingRun {
			if s.runs++; s.runs == PreparingRun {
				s.prepare()
			}
		}
		s.threads.Begin()
		return nil
	}
	if s.state.Load() >= closing {
		return ErrClosed
	}
	return ErrBusy
}

// Leave ends the run that Enter began.
func (s *Session) Leave() {
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
// errors are those of Enter.
func (s *Session) Prepare() error {
	if err := s.Enter(); err != nil {
		return err
	}
	defer s.Leave()
	if s.runs < PreparingRun {
		s.runs = PreparingRun
		s.prepare()
	}
	return nil
}

// prepare is Prepare during a run, which keeps the weights.
func (s *Session) prepare() {
	if w := s.weights; w != nil {
		w.mu.Lock()
		filters := w.filters
		w.mu.Unlock()
		parallel(len(filters), func(i int) { filters[i].Prepare() })
	}
	kernel.UseLargePages()
}

// Threads is the pool to run kernels on, between Enter and Leave.
func (s *Session) Threads() *kernel.Threads { return s.threads }

// Close ends the session's threads: at once, or as soon as the run under way
// ends. It may be called more than once and from any goroutine.
func (s *Session) Close() {
	for {
		switch {
		case s.state.CompareAndSwap(idle, closing):
			s.end()
			return
		case s.state.CompareAndSwap(running, closing):
			return // Leave does the rest
		case s.state.Load() >= closing:
			return
		}
	}
}

// end takes a closing session's threads down.
func (s *Session) end() {
	s.threads.Close()
	s.state.Store(closed)
	if s.weights != nil {
		s.weights.release()
	}
}
