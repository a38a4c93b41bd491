package runtime

import (
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"testing"
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
