package kernel

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

// countBatch counts how often each image is computed, and by how many workers at
// once a worker's memory is used.
type countBatch struct {
	threads *Threads
	images  []atomic.Int32
	inside  []atomic.Int32
	clashes atomic.Int32
	shared  atomic.Int32 // images that all threads computed
	fails   int          // an image, or -1
}

var errImage = errors.New("image fails")

func (b *countBatch) Image(t *Threads, worker, i int) error {
	if b.inside[worker].Add(1) != 1 {
		b.clashes.Add(1)
	}
	defer b.inside[worker].Add(-1)
	if t == b.threads {
		b.shared.Add(1)
	} else if t.N() != 1 {
		b.clashes.Add(1)
	}
	j := &countJob{make([]atomic.Int32, 3)}
	t.run(j, 1, 3)
	for c := range j.done {
		b.images[i].Add(j.done[c].Load())
	}
	if i == b.fails {
		return errImage
	}
	return nil
}

func TestRunBatch(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8} {
		threads := NewThreads(n)
		for images := range 20 {
			for _, fails := range []int{-1, images / 2} {
				b := &countBatch{threads: threads, images: make([]atomic.Int32, images), inside: make([]atomic.Int32, n), fails: fails}
				threads.Begin()
				err := threads.RunBatch(b, images)
				threads.End()
				name := fmt.Sprintf("%d images on %d threads", images, n)
				if fails >= 0 && images > 0 {
					if err != errImage {
						t.Errorf("%s: got %v", name, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if b.clashes.Load() != 0 {
					t.Errorf("%s: memory is used twice at once", name)
				}
				if got := int(b.shared.Load()); n > 1 && got != images%n {
					t.Errorf("%s: %d images are computed together", name, got)
				}
				for i := range b.images {
					if got := b.images[i].Load(); got != 3 {
						t.Errorf("%s: image %d has %d chunks done, of 3", name, i, got)
					}
				}
			}
		}
		threads.Close()
	}
}
