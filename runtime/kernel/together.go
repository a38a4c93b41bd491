package kernel

import (
	"runtime/debug"
	"sync"
)

// together calls do for 0 to n-1, all at the same time. A panic of any of them goes on in
// the caller, also that of a fault, where a mapped file was truncated.
func together(n int, do func(i int)) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failure any
	for i := range n {
		all.Go(func() {
			debug.SetPanicOnFault(true)
			defer func() {
				if r := recover(); r != nil {
					mu.Lock()
					defer mu.Unlock()
					failure = r
				}
			}()
			do(i)
		})
	}
	all.Wait()
	if failure != nil {
		panic(failure)
	}
}
