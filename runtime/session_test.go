package runtime

import (
	"errors"
	goruntime "runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/resc-lang/resc/internal/allocs"
	"github.com/resc-lang/resc/runtime/internal/cpu"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// call is a batch whose images call a function. Its arena counts the images.
type call func(t *kernel.Threads, i int) error

func (c call) Image(t *kernel.Threads, a *int, i int) error {
	*a++
	if c == nil {
		return nil
	}
	return c(t, i)
}

func newSession(opts ...Option) *Session[int, call] {
	return NewSession[int, call](&Weights{}, func() *int { return new(int) }, opts...)
}

func TestThreads(t *testing.T) {
	for n, want := range map[int]int{1: 1, 3: 3, 0: goruntime.GOMAXPROCS(0), -1: goruntime.GOMAXPROCS(0)} {
		s := newSession(Threads(n), nil)
		err := s.Run(func(threads *kernel.Threads, _ int) error {
			if got := threads.N(); got != want {
				t.Errorf("Threads(%d) makes %d, want %d", n, got, want)
			}
			return nil
		}, 1)
		if err != nil {
			t.Error(err)
		}
		s.Close()
	}
	s := newSession()
	defer s.Close()
	if got := s.threads.N(); got != goruntime.GOMAXPROCS(0) {
		t.Errorf("the default is %d threads, want %d", got, goruntime.GOMAXPROCS(0))
	}
}

// TestRun computes batches: each image once, in an arena that no other image has
// meanwhile, and the rest of a batch with all threads.
func TestRun(t *testing.T) {
	const threads = 3
	s := newSession(Threads(threads))
	defer s.Close()
	for _, n := range []int{0, 1, 2, 3, 4, 8, 30} {
		before := 0
		for _, a := range s.arenas {
			if a != nil {
				before += *a
			}
		}
		images, alone := make([]atomic.Int32, n), atomic.Int32{}
		err := s.Run(func(t *kernel.Threads, i int) error {
			images[i].Add(1)
			if t.N() == 1 {
				alone.Add(1)
			}
			return nil
		}, n)
		if err != nil {
			t.Fatal(err)
		}
		after := 0
		for _, a := range s.arenas {
			if a != nil {
				after += *a
			}
		}
		for i := range images {
			if got := images[i].Load(); got != 1 {
				t.Errorf("image %d of %d was computed %d times", i, n, got)
			}
		}
		if got, want := int(alone.Load()), n-n%threads; got != want {
			t.Errorf("%d of %d images by one thread each, want %d", got, n, want)
		}
		if after-before != n {
			t.Errorf("%d images in arenas, want %d", after-before, n)
		}
	}
	want := errors.New("third")
	if err := s.Run(func(_ *kernel.Threads, i int) error {
		if i == 3 {
			return want
		}
		return nil
	}, 7); err != want {
		t.Errorf("error %v, want the image's", err)
	}
}

func TestBusy(t *testing.T) {
	s := newSession(Threads(2))
	defer s.Close()
	for range 2 {
		err := s.Run(func(*kernel.Threads, int) error { return s.Run(nil, 1) }, 1)
		if err != ErrBusy {
			t.Errorf("a second run: %v", err)
		}
	}
	if err := s.Run(nil, 1); err != nil {
		t.Errorf("a run after those: %v", err)
	}
}

func TestCloseDuringARun(t *testing.T) {
	s := newSession(Threads(2))
	err := s.Run(func(*kernel.Threads, int) error {
		s.Close()
		return s.Run(nil, 1)
	}, 1)
	if err != ErrClosed {
		t.Errorf("while closing: %v", err)
	}
	s.Close()
	if err := s.Run(nil, 1); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

// TestClosedSessions has sessions that never began, or have ended.
func TestClosedSessions(t *testing.T) {
	ended := newSession(Threads(2))
	ended.Close()
	closedWeights := new(Weights)
	if err := closedWeights.Close(); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Session[int, call]{
		"closed":              ended,
		"nil":                 nil,
		"zero":                {},
		"of no weights":       NewSession[int, call](nil, nil),
		"of weights that are": NewSession[int, call](closedWeights, nil),
	} {
		if err := s.Run(nil, 1); err != ErrClosed {
			t.Errorf("%s: Run gives %v", name, err)
		}
		if err := s.Prepare(); err != ErrClosed {
			t.Errorf("%s: Prepare gives %v", name, err)
		}
		s.Close()
		s.Close()
	}
	var none *Weights
	if err := none.Close(); err != nil {
		t.Errorf("Close of no weights: %v", err)
	}
}

// TestOneAtATime uses a session from many goroutines: no two are ever inside.
func TestOneAtATime(t *testing.T) {
	s := newSession(Threads(1))
	var inside, runs atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				err := s.Run(func(*kernel.Threads, int) error {
					if inside.Add(1) != 1 {
						t.Error("two runs at once")
					}
					runs.Add(1)
					inside.Add(-1)
					return nil
				}, 1)
				if err != nil && err != ErrBusy && err != ErrClosed {
					t.Error(err)
				}
			}
			s.Close()
		})
	}
	group.Wait()
	if runs.Load() == 0 {
		t.Error("nothing ran")
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	s := newSession(Threads(2))
	defer s.Close()
	if err := s.Prepare(); err != nil {
		t.Fatal(err)
	}
	image := [3]float32{1, 2, 3}
	for _, n := range []int{1, 4} {
		allocated := allocs.Least(10, func() {
			if err := s.Run(nil, n); err != nil || len(One(&image)) != 1 || &One(&image)[0] != &image {
				t.Fatal(err)
			}
		})
		if allocated != 0 {
			t.Errorf("%d allocations in ten runs of %d images", allocated, n)
		}
	}
}

// A session's 64th run, or Prepare before it, prepares the filters of its weights.
func TestPrepare(t *testing.T) {
	if !slices.Contains(cpu.Available(), cpu.AVX2) && !slices.Contains(cpu.Available(), cpu.NEON) {
		t.Skip("the portable tier has no filters that it would prepare")
	}
	if slices.Contains(cpu.Available(), cpu.AVX2) {
		defer cpu.Force(cpu.AVX2)()
	}
	spec := kernel.FilterSpec{In: 272, Out: 256, KernelH: 3, KernelW: 3, Algorithm: kernel.ByTier{AVX2: kernel.Winograd2, NEON: kernel.Winograd2}}
	load := func() (*Weights, *kernel.Filter) {
		file, err := safetensors.New(safetensors.FromFloat32("w", []int{256, 272, 3, 3}, make([]float32, 256*272*9)))
		if err != nil {
			t.Fatal(err)
		}
		w := CheckpointWeights(file)
		l := w.Loader("net")
		f := l.Filter(spec, Fold{Weight: "w"})
		if err := l.Done(); err != nil {
			t.Fatal(err)
		}
		return w, f
	}

	w, f := load()
	s := NewSession[int, call](w, func() *int { return new(int) }, Threads(1))
	defer s.Close()
	before := f.Bytes()
	for run := 1; run <= PreparingRun+1; run++ {
		err := s.Run(func(*kernel.Threads, int) error {
			if prepared := f.Bytes() > before; prepared != (run >= PreparingRun) {
				t.Fatalf("run %d: the filter is prepared: %t", run, prepared)
			}
			return nil
		}, 1)
		if err != nil {
			t.Fatal(err)
		}
	}

	w, f = load()
	s = NewSession[int, call](w, func() *int { return new(int) }, Threads(1))
	if err := s.Run(func(*kernel.Threads, int) error { return s.Prepare() }, 1); err != ErrBusy {
		t.Errorf("Prepare during a run: %v", err)
	}
	if err := s.Prepare(); err != nil || f.Bytes() == before {
		t.Errorf("Prepare: %v, the filter takes %d bytes", err, f.Bytes())
	}
	s.Close()
	if err := s.Prepare(); err != ErrClosed {
		t.Errorf("Prepare after Close: %v", err)
	}
}
