package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// countJob counts how often each chunk is done.
type countJob struct{ done []atomic.Int32 }

func (j *countJob) do(_, chunk int) { j.done[chunk].Add(1) }

// TestThreadsDoEachChunkOnce hammers pools of several sizes, with and without
// Begin, and after all workers fell asleep.
func TestThreadsDoEachChunkOnce(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8} {
		threads := NewThreads(n)
		for round := range 2000 {
			planes, bands := round%7, round%11
			j := &countJob{make([]atomic.Int32, planes*bands)}
			if round%3 == 0 {
				threads.Begin()
			}
			threads.run(j, planes, bands)
			if round%5 == 0 {
				threads.End()
			}
			if round%500 == 0 {
				threads.End()
				for threads.asleep.Load() < int64(n-1) {
					runtime.Gosched()
				}
			}
			for i := range j.done {
				if got := j.done[i].Load(); got != 1 {
					t.Fatalf("%d threads, round %d: chunk %d is done %d times", n, round, i, got)
				}
			}
		}
		threads.Close()
		threads.Close()
	}
}

// TestThreadsSideBySide runs pools at once, more threads than processors.
func TestThreadsSideBySide(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			threads := NewThreads(3)
			defer threads.Close()
			for range 300 {
				j := &countJob{make([]atomic.Int32, 20)}
				threads.Begin()
				threads.run(j, 4, 5)
				threads.End()
				for i := range j.done {
					if j.done[i].Load() != 1 {
						t.Errorf("chunk %d is done %d times", i, j.done[i].Load())
					}
				}
			}
		})
	}
	wg.Wait()
}

// panicJob fails in one chunk.
type panicJob struct{ at int }

func (j panicJob) do(_, chunk int) {
	if chunk == j.at {
		panic("chunk fails")
	}
}

// TestThreadsPassPanicsOn wants a panic of any worker in the caller, and the
// pool usable afterwards.
func TestThreadsPassPanicsOn(t *testing.T) {
	threads := NewThreads(3)
	defer threads.Close()
	for at := range 50 {
		func() {
			defer func() {
				if r := recover(); r != "chunk fails" {
					t.Errorf("recovered %v", r)
				}
			}()
			threads.run(panicJob{at}, 5, 10)
		}()
	}
	j := &countJob{make([]atomic.Int32, 10)}
	threads.run(j, 1, 10)
	for i := range j.done {
		if j.done[i].Load() != 1 {
			t.Errorf("chunk %d is done %d times", i, j.done[i].Load())
		}
	}
}

// TestThreadsClose has all workers end with Close: the bubble waits for them, and
// panics where one sleeps for ever.
func TestThreadsClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		threads := NewThreads(4)
		threads.run(&countJob{make([]atomic.Int32, 5)}, 1, 5)
		threads.Close()
	})
}

// TestThreadsEndWithTheirOwner drops a pool without closing it: it is closed when it is
// garbage, although its workers sleep.
func TestThreadsEndWithTheirOwner(t *testing.T) {
	drop := func() *crew {
		threads := NewThreads(4)
		threads.run(&countJob{make([]atomic.Int32, 5)}, 1, 5)
		return threads.crew
	}
	dropped := drop()
	for range 100 {
		if dropped.closed.Load() {
			return
		}
		collect()
	}
	t.Error("the workers of a pool that is garbage do not end")
}

// collect returns when the cleanup of something that is garbage has run.
func collect() {
	ran := make(chan struct{})
	func() { runtime.AddCleanup(new([64]byte), func(ran chan struct{}) { close(ran) }, ran) }()
	runtime.GC()
	<-ran
}
