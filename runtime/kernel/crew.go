package kernel

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// NewThreads starts n-1 workers; the caller is the last. They end with Close, or
// when the Threads is garbage.
func NewThreads(n int) *Threads {
	n = max(n, 1)
	c := &crew{n: n, shares: make([]share, n), finished: make(chan struct{}, 1)}
	c.workers = make([]worker, c.n-1)
	for i := range c.workers {
		c.workers[i].wake = make(chan struct{}, 1)
		go c.work(i + 1)
	}
	t := &Threads{crew: c, private: make([][]float32, n)}
	t.strassen.summed = make([]int, n)
	runtime.AddCleanup(t, (*crew).Close, c)
	return t
}

// crew is the workers' side of Threads. It knows nothing of the Threads, which
// can become garbage while workers sleep.
//
// A job's chunks are shared out before it begins, alike for all jobs of the same
// kind of chunks: what a thread writes in one layer it reads in the next, from its
// own core's cache. Who is done with its share goes on with the others'.
//
// A job is opened by writing each share's tickets: how many chunks it has and,
// with each thread that asks, how many were handed out, in one word. Who has drawn
// a ticket keeps the job as it is until the chunk is reported as done; who was
// held up and draws one of a later job does a chunk of that. Threads report all
// that they did at once, as each access to a word that another core wrote takes as
// long as a hundred multiplications.
type crew struct {
	n       int
	workers []worker
	shares  []share // one for each thread

	_      [cacheLine]byte
	opened atomic.Uint64 // jobs so far
	_      [cacheLine]byte
	job    task
	bands  int
	chunks int64
	done   atomic.Int64 // chunks finished
	_      [cacheLine]byte

	spin     atomic.Bool   // there is a processor for each worker
	running  atomic.Bool   // between Begin and End
	asleep   atomic.Int64  // workers
	waiting  atomic.Bool   // the caller sleeps, or is about to
	finished chan struct{} // wakes it
	closed   atomic.Bool

	mu      sync.Mutex
	failure any // panic of a chunk
}

// share is chunks that one thread does first, and others when they are done with
// theirs.
type share struct {
	tickets atomic.Uint64 // chunks<<32 | tickets drawn
	_       [cacheLine - 8]byte
}

// draw hands out the next chunk of the share, counted from 0.
func (s *share) draw() (int, bool) {
	if t := s.tickets.Load(); uint32(t) >= uint32(t>>32) {
		return 0, false
	}
	t := s.tickets.Add(1)
	return int(uint32(t)) - 1, uint32(t) <= uint32(t>>32)
}

// worker is how to wake one.
type worker struct {
	wake   chan struct{}
	asleep atomic.Bool // or about to sleep; whoever clears it, wakes
}

// Spinning is bounded: some microseconds before the processor is offered to
// other goroutines, and then, for a worker, about a hundred more within a run,
// which is longer than the serial stretches between two layers, or twenty after
// it, within which another run may follow. The caller waits for chunks that take
// tens of microseconds; if they take longer, a worker has lost its processor.
const (
	spinsBeforeYield = 2_000
	spinsWithinRun   = 100_000
	spinsAfterRun    = 20_000
	spinsForChunks   = 50_000
)

// N is the number of threads, with the caller's.
func (c *crew) N() int { return c.n }

// Begin wakes the workers before the first of several jobs.
func (c *crew) Begin() {
	c.spin.Store(c.n <= runtime.GOMAXPROCS(0))
	c.running.Store(true)
	c.rouse(len(c.workers))
}

// End tells the workers that no job follows.
func (c *crew) End() { c.running.Store(false) }

// Close ends the workers. It may be called more than once.
func (c *crew) Close() {
	if !c.closed.Swap(true) {
		for i := range c.workers {
			close(c.workers[i].wake)
		}
	}
}

// rouse wakes workers that sleep, as many as there is work for.
func (c *crew) rouse(most int) {
	for i := 0; i < len(c.workers) && most > 0 && c.asleep.Load() > 0 && !c.closed.Load(); i++ {
		if w := &c.workers[i]; w.asleep.Load() && w.asleep.Swap(false) {
			c.asleep.Add(-1)
			w.wake <- struct{}{}
			most--
		}
	}
}

// run does the chunks of a job and returns when all are done: in each plane as
// many as there are bands, counted plane by plane. Each thread's share is the same
// bands of all planes, or the same part of all chunks where there are fewer bands
// than threads. A panic in any chunk goes on in the caller.
func (c *crew) run(job task, planes, bands int) {
	chunks := planes * bands
	if c.n == 1 || chunks <= 1 {
		for i := range chunks {
			job.do(0, i)
		}
		return
	}
	if bands < c.n {
		planes, bands = 1, chunks
	}
	c.job, c.bands, c.chunks = job, bands, int64(chunks)
	c.done.Store(0)
	for i := range c.shares {
		from, to := c.part(i)
		c.shares[i].tickets.Store(uint64(planes*(to-from)) << 32)
	}
	c.opened.Add(1)
	c.rouse(chunks - 1)
	c.take(0)
	c.wait()
	c.job = nil
	if failure := c.failure; failure != nil {
		c.failure = nil
		panic(failure)
	}
}

// part is the bands of a share.
func (c *crew) part(share int) (from, to int) {
	return ceil(share*c.bands, c.n), ceil((share+1)*c.bands, c.n)
}

// wait returns when all chunks are done.
func (c *crew) wait() {
	for spins := 0; c.done.Load() < c.chunks; spins++ {
		switch {
		case spins < spinsBeforeYield:
		case spins < spinsForChunks && c.spin.Load():
			if spins%spinsBeforeYield == 0 {
				runtime.Gosched()
			}
		default:
			c.waiting.Store(true)
			if c.done.Load() < c.chunks || !c.waiting.Swap(false) {
				<-c.finished
			}
		}
	}
}

// take does chunks of the open job until none is left: a thread's own, then those
// of the others.
func (c *crew) take(worker int) {
	done := int64(0)
	for i := range c.n {
		i = (worker + i) % c.n
		for s := &c.shares[i]; ; done++ {
			k, ok := s.draw()
			if !ok {
				break
			}
			from, to := c.part(i)
			c.do(worker, k/(to-from)*c.bands+from+k%(to-from))
		}
	}
	if done == 0 {
		return
	}
	chunks := c.chunks // with the last report the caller may go on
	if c.done.Add(done) == chunks && c.waiting.Load() && c.waiting.Swap(false) {
		c.finished <- struct{}{}
	}
}

// do does one chunk.
func (c *crew) do(worker, chunk int) {
	defer func() {
		if r := recover(); r != nil {
			c.mu.Lock()
			c.failure = r
			c.mu.Unlock()
		}
	}()
	c.job.do(worker, chunk)
}

// work takes part in one job after another until the crew is closed.
func (c *crew) work(worker int) {
	debug.SetPanicOnFault(true) // a mapped file of weights may be truncated: the caller gets the panic
	w := &c.workers[worker-1]
	for seen := uint64(0); c.await(w, seen); {
		seen = c.opened.Load()
		c.take(worker)
	}
}

// await returns when more jobs were opened than the worker has seen, and reports
// false when the crew is closed.
func (c *crew) await(w *worker, seen uint64) bool {
	for {
		for spins := 0; c.spin.Load(); spins++ {
			if c.opened.Load() != seen {
				return true
			}
			if spins >= spinsWithinRun || spins >= spinsAfterRun && !c.running.Load() {
				break
			}
			if spins%spinsBeforeYield == spinsBeforeYield-1 {
				runtime.Gosched()
			}
		}
		w.asleep.Store(true)
		c.asleep.Add(1)
		if c.opened.Load() != seen && w.asleep.Swap(false) {
			c.asleep.Add(-1)
			return true
		}
		if _, ok := <-w.wake; !ok {
			return false
		}
		if c.opened.Load() != seen {
			return true
		}
	}
}
