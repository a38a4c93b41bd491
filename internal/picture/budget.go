package picture

import "sync"

// budget bounds the pixels that all goroutines together are decoding: as many as
// one picture may have.
var budget = newPixels(maxPixels)

// pixels is a semaphore that counts pixels.
type pixels struct {
	mu    sync.Mutex
	freed *sync.Cond
	free  int
}

func newPixels(n int) *pixels {
	p := &pixels{free: n}
	p.freed = sync.NewCond(&p.mu)
	return p
}

// take waits until there are n pixels. They must be given back.
func (p *pixels) take(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.free < n {
		p.freed.Wait()
	}
	p.free -= n
}

func (p *pixels) give(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free += n
	p.freed.Broadcast()
}
