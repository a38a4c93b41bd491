// Package ordered does work in parallel and hands its results out in order.
package ordered

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Run calls work for 0 to n-1 on several workers, each of which has one call at a
// time, and deliver with each result, in order, on the calling goroutine. Workers
// run ahead of deliver by at most four results each.
//
// When ctx ends, no more work begins; what was done before is delivered, up to the
// first work that says by its error that it was not, and Run returns ctx's error.
// An error of deliver ends all the same way. A panic of work is Run's.
func Run[T any](ctx context.Context, n, workers int, work func(ctx context.Context, worker, i int) (T, error), deliver func(i int, v T) error) error {
	parent := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		value    T
		err      error
		panicked any
	}
	type job struct {
		i   int
		out chan result
	}
	jobs := make(chan job)
	queue := make(chan chan result, 4*workers)
	do := func(worker int, j job) {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
			j.out <- r
		}()
		r.value, r.err = work(ctx, worker, j.i)
	}
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for j := range jobs {
				do(worker, j)
			}
		})
	}
	wg.Go(func() {
		defer close(queue)
		defer close(jobs)
		for i := range n {
			if ctx.Err() != nil {
				return
			}
			out := make(chan result, 1)
			select {
			case queue <- out:
				jobs <- job{i, out}
			case <-ctx.Done():
				return
			}
		}
	})
	defer wg.Wait()
	i := 0
	var failed error
	for out := range queue {
		r := <-out
		switch {
		case r.panicked != nil:
			cancel()
			panic(r.panicked)
		case failed != nil:
		case r.err != nil:
			failed = r.err
			cancel()
		default:
			if failed = deliver(i, r.value); failed != nil {
				cancel()
			}
		}
		i++
	}
	if failed == nil && i < n {
		failed = parent.Err()
	}
	return failed
}
