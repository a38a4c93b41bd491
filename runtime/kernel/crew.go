package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// NewThreads starts n-1 workers; the caller is the last. They end with Close, or
// when the Threads is garbage.
func NewThreads(n int) *Threads {
	c := &crew{n: max(n, 1), finished: make(chan struct{}, 1)}
	c.workers = make([]worker, c.n-1)
	for i := range c.workers {
		c.workers[i].wake = make(chan struct{}, 1)
		go c.work(i + 1)
	}
	t := &Threads{crew: c}
	runtime.AddCleanup(t, (*crew).Close, c)
	return t
}

// crew is the workers' side of Threads. It knows nothing of the Threads, which
// can become garbage while workers sleep.
//
// A job is opened by writing its tickets: how many chunks it has and, with each
// thread that asks, how many were handed out, in one word. Who has drawn a ticket
// keeps the job as it is until the chunk is reported as done; who was held up and
// draws one of a later job does a chunk of that. Threads report all that they did
// at once, as each access to a word that another core wrote takes as long as a
// hundred multiplications.
type crew struct {
	n       int
	workers []worker

	_       [cacheLine]byte
	tickets atomic.Uint64 // chunks of the job<<32 | tickets drawn
	_       [cacheLine]byte
	job     task
	chunks  int64
	done    atomic.Int64 // chunks finished
	_       [cacheLine]byte

	spin     atomic.Bool   // there is a processor for each worker
	running  atomic.Bool   // between Begin and End
	asleep   atomic.Int64  // workers
	waiting  atomic.Bool   // the caller sleeps, or is about to
	finished chan struct{} // wakes it
	closed   atomic.Bool

	mu      sync.Mutex
	failure any // panic of a chunk
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

// run does the chunks of a job and returns when all are done. A panic in any
// of them goes on in the caller.
func (c *crew) run(job task, chunks int) {
	if c.n == 1 || chunks <= 1 {
		for i := range chunks {
			job.do(0, i)
		}
		return
	}
	c.job, c.chunks = job, int64(chunks)
	c.done.Store(0)
	c.tickets.Store(uint64(chunks) << 32)
	c.rouse(chunks - 1)
	c.take(0)
	c.wait()
	c.job = nil
	if failure := c.failure; failure != nil {
		c.failure = nil
		panic(failure)
	}
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

// open reports whether a job has chunks left.
func (c *crew) open() bool {
	t := c.tickets.Load()
	return uint32(t) < uint32(t>>32)
}

// take does chunks of the open job until none is left.
func (c *crew) take(worker int) {
	done := int64(0)
	for {
		t := c.tickets.Add(1)
		if uint32(t) > uint32(t>>32) {
			break
		}
		c.do(worker, int(uint32(t))-1)
		done++
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
	w := &c.workers[worker-1]
	for c.await(w) {
		c.take(worker)
	}
}

// await returns when a job is open with chunks left, and reports false when the
// crew is closed.
func (c *crew) await(w *worker) bool {
	for {
		for spins := 0; c.spin.Load(); spins++ {
			if c.open() {
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
		if c.open() && w.asleep.Swap(false) {
			c.asleep.Add(-1)
			return true
		}
		if _, ok := <-w.wake; !ok {
			return false
		}
		if c.open() {
			return true
		}
	}
}
