package runtime

import (
	goruntime "runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/safetensors"
)

func TestThreads(t *testing.T) {
	for n, want := range map[int]int{1: 1, 3: 3, 0: goruntime.GOMAXPROCS(0), -1: goruntime.GOMAXPROCS(0)} {
		s := NewSession(Threads(n))
		if got := s.Threads().N(); got != want {
			t.Errorf("Threads(%d) makes %d, want %d", n, got, want)
		}
		s.Close()
	}
	s := NewSession()
	defer s.Close()
	if got := s.Threads().N(); got != goruntime.GOMAXPROCS(0) {
		t.Errorf("the default is %d threads, want %d", got, goruntime.GOMAXPROCS(0))
	}
}

func TestBusy(t *testing.T) {
	s := NewSession(Threads(2))
	defer s.Close()
	for range 2 {
		if err := s.Enter(); err != nil {
			t.Fatal(err)
		}
		if err := s.Enter(); err != ErrBusy {
			t.Errorf("a second run: %v", err)
		}
		s.Leave()
	}
}

func TestClose(t *testing.T) {
	s := NewSession(Threads(2))
	s.Close()
	s.Close()
	if err := s.Enter(); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

func TestCloseDuringARun(t *testing.T) {
	s := NewSession(Threads(2))
	if err := s.Enter(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := s.Enter(); err != ErrClosed {
		t.Errorf("while closing: %v", err)
	}
	s.Leave()
	s.Close()
	if err := s.Enter(); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

// TestOneAtATime uses a session from many goroutines: no two are ever inside.
func TestOneAtATime(t *testing.T) {
	s := NewSession(Threads(1))
	var inside, runs atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				switch err := s.Enter(); err {
				case nil:
					if inside.Add(1) != 1 {
						t.Error("two runs at once")
					}
					runs.Add(1)
					inside.Add(-1)
					s.Leave()
				case ErrBusy, ErrClosed:
				default:
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
	s := w.NewSession(Threads(1))
	defer s.Close()
	before := f.Bytes()
	for run := 1; run <= PreparingRun+1; run++ {
		if err := s.Enter(); err != nil {
			t.Fatal(err)
		}
		if prepared := f.Bytes() > before; prepared != (run >= PreparingRun) {
			t.Fatalf("run %d: the filter is prepared: %t", run, prepared)
		}
		s.Leave()
	}

	w, f = load()
	s = w.NewSession(Threads(1))
	if err := s.Enter(); err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(); err != ErrBusy {
		t.Errorf("Prepare during a run: %v", err)
	}
	s.Leave()
	if err := s.Prepare(); err != nil || f.Bytes() == before {
		t.Errorf("Prepare: %v, the filter takes %d bytes", err, f.Bytes())
	}
	s.Close()
	if err := s.Prepare(); err != ErrClosed {
		t.Errorf("Prepare after Close: %v", err)
	}
}
