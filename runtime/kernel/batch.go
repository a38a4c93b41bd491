package kernel

import "sync"

// Batch is images to compute.
type Batch interface {
	// Image computes the i-th image with some threads, in memory that belongs to
	// a worker, counted from 0. It is called for several images at once, each by
	// another worker.
	Image(t *Threads, worker, i int) error
}

// RunBatch computes n images and returns the first error that occurs. As long as
// there are images for all threads, each takes one after another and waits for no
// other thread between layers; what is left over they compute together.
func (t *Threads) RunBatch(b Batch, n int) error {
	apart := n - n%t.N()
	if t.N() == 1 {
		apart = 0
	}
	j := &t.batch
	j.images, j.err = b, nil
	if apart > 0 {
		t.Alone()
		t.run(j, 1, apart)
		j.level()
	}
	for i := apart; i < n && j.err == nil; i++ {
		j.err = b.Image(t, 0, i)
	}
	err := j.err
	j.images, j.err = nil, nil
	return err
}

// Alone is what each worker computes images of its own with, one thread each.
func (t *Threads) Alone() []*Threads {
	for len(t.batch.alone) < t.N() {
		t.batch.alone = append(t.batch.alone, NewThreads(1))
	}
	return t.batch.alone
}

// batchJob is a batch cut into images.
type batchJob struct {
	images Batch
	alone  []*Threads // one for each worker, which they use for images of their own

	mu  sync.Mutex
	err error
}

func (j *batchJob) do(worker, image int) {
	if err := j.images.Image(j.alone[worker], worker, image); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.err == nil {
			j.err = err
		}
	}
}

// level gives all workers the memory that one has needed, so that none allocates
// when its turn comes in a later batch.
func (j *batchJob) level() {
	size := 0
	for _, t := range j.alone {
		size = max(size, len(t.workspace))
	}
	for _, t := range j.alone {
		if len(t.workspace) < size {
			t.workspace = NewArena(size)
		}
	}
}
