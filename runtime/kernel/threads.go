package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// task is a job cut into chunks that may run in any order and at once. A worker,
// counted from 0, does one at a time.
type task interface{ do(worker, chunk int) }

// Threads is the workers of one session. Its methods, and the kernels that are
// given it, are called by one goroutine at a time.
//
// Between Begin and End the workers wait for the next job by spinning, for a
// bounded time; otherwise they are parked and cost nothing. What a kernel
// computes never depends on how many there are.
type Threads struct {
	*crew

	// Each kernel's job has its place here, so that running one allocates
	// nothing.
	direct    directJob
	winograd  winogradJob
	depthwise depthwiseJob
	pool      poolJob
	average   averageJob
	linear    linearJob
	affine    affineJob
	activate  activateJob
	add       addJob
	mul       mulJob
	place     placeJob
	imported  importJob
	exported  exportJob

	workspace []float32 // of algorithms that need one; grows to the largest
}

// NewThreads starts n-1 workers; the caller is the last. They end with Close, or
// when the Threads is garbage.
func NewThreads(n int) *Threads {
	c := &crew{n: max(n, 1)}
	c.spin = c.n <= runtime.GOMAXPROCS(0)
	for i := range c.n - 1 {
		wake := make(chan struct{}, 1)
		c.wake = append(c.wake, wake)
		go c.worker(i+1, wake)
	}
	t := &Threads{crew: c}
	runtime.AddCleanup(t, (*crew).Close, c)
	return t
}

// crew is the workers' side of Threads. It knows nothing of the Threads, which
// can become garbage while workers are parked.
type crew struct {
	n    int
	spin bool // there is a processor for each worker
	wake []chan struct{}

	job    task
	limit  atomic.Int64 // chunks of the open job; 0 when none is open
	next   atomic.Int64 // chunk to hand out
	done   atomic.Int64 // chunks finished
	inside atomic.Int64 // workers that may be reading the job

	running atomic.Bool  // between Begin and End
	parked  atomic.Int64 // workers that need waking
	closed  atomic.Bool

	mu      sync.Mutex
	failure any // panic of a chunk
}

// N is the number of threads, with the caller's.
func (c *crew) N() int { return c.n }

// Begin wakes the workers before the first of several jobs.
func (c *crew) Begin() {
	c.running.Store(true)
	c.rouse()
}

// End lets the workers park.
func (c *crew) End() { c.running.Store(false) }

// Close ends the workers. It may be called more than once.
func (c *crew) Close() {
	if !c.closed.Swap(true) {
		for _, w := range c.wake {
			close(w)
		}
	}
}

// rouse wakes the workers that are parked.
func (c *crew) rouse() {
	if c.parked.Load() == 0 || c.closed.Load() {
		return
	}
	for _, w := range c.wake {
		select {
		case w <- struct{}{}:
		default: // woken already
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
	for c.inside.Load() != 0 {
		runtime.Gosched() // a worker is on its way out of the job before
	}
	c.job = job
	c.done.Store(0)
	c.next.Store(0)
	c.limit.Store(int64(chunks)) // opens the job
	c.rouse()
	c.work(0)
	for spins := 0; c.done.Load() < int64(chunks); spins++ {
		if spins > spinsBeforeYield {
			runtime.Gosched()
		}
	}
	c.limit.Store(0)
	for c.inside.Load() != 0 {
		runtime.Gosched()
	}
	c.job = nil
	c.mu.Lock()
	failure := c.failure
	c.failure = nil
	c.mu.Unlock()
	if failure != nil {
		panic(failure)
	}
}

// Spinning is bounded: a few microseconds before the processor is offered to
// others, and some hundred before a worker parks, which is longer than the
// serial stretches between the layers of one inference.
const (
	spinsBeforeYield = 2_000
	spinsBeforePark  = 100_000
)

// work does chunks of the open job until none is left.
func (c *crew) work(worker int) {
	defer func() {
		if r := recover(); r != nil {
			c.mu.Lock()
			c.failure = r
			c.mu.Unlock()
			c.done.Add(1) // the chunk that failed; the job is lost, but ends
			c.work(worker)
		}
	}()
	for {
		i := c.next.Add(1) - 1
		if i >= c.limit.Load() {
			return
		}
		c.job.do(worker, int(i))
		c.done.Add(1)
	}
}

// worker takes part in one job after another until the crew is closed.
func (c *crew) worker(worker int, wake chan struct{}) {
	for {
		if !c.await(wake) {
			return
		}
		c.inside.Add(1)
		if c.limit.Load() != 0 {
			c.work(worker)
		}
		c.inside.Add(-1)
	}
}

// await returns when a job is open with chunks left, and reports false when the
// crew is closed.
func (c *crew) await(wake chan struct{}) bool {
	for {
		if c.spin {
			for spins := 0; c.running.Load() && spins < spinsBeforePark; spins++ {
				if c.next.Load() < c.limit.Load() {
					return true
				}
			}
		}
		c.parked.Add(1)
		if c.next.Load() < c.limit.Load() && !c.closed.Load() {
			c.parked.Add(-1)
			return true
		}
		_, open := <-wake
		c.parked.Add(-1)
		if !open {
			return false
		}
		if c.next.Load() < c.limit.Load() {
			return true
		}
	}
}
