package ordered

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestOrder has later work end earlier: where there are several workers, each second one
// before the one before it.
func TestOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			ended := make([]chan struct{}, 100)
			for i := range ended {
				ended[i] = make(chan struct{})
			}
			busy := make([]atomic.Bool, workers)
			var delivered atomic.Int32
			var got []int
			err := Run(t.Context(), 100, workers, func(_ context.Context, worker, i int) (int, error) {
				if busy[worker].Swap(true) {
					t.Error("a worker has two calls")
				}
				defer busy[worker].Store(false)
				defer close(ended[i])
				if n := int32(i) - delivered.Load(); n > int32(4*workers) {
					t.Errorf("%d workers are %d ahead", workers, n)
				}
				if workers > 1 && i%2 == 0 {
					<-ended[i+1]
				}
				return i * i, nil
			}, func(i, v int) error {
				got = append(got, v)
				delivered.Add(1)
				return nil
			})
			want := []int{}
			for i := range 100 {
				want = append(want, i*i)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%d workers: %v, %v", workers, got, err)
			}
		})
	}
}

// TestEnd ends work by the context, by an error of work and by one of deliver.
func TestEnd(t *testing.T) {
	broken := errors.New("broken")
	for name, want := range map[string]error{"context": context.Canceled, "work": broken, "deliver": broken} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var began atomic.Int32
			var got []int
			err := Run(ctx, 1000, 3, func(ctx context.Context, _, i int) (int, error) {
				began.Add(1)
				if name == "work" && i == 20 {
					return 0, broken
				}
				return i, ctx.Err()
			}, func(i, v int) error {
				if i == 20 {
					switch name {
					case "context":
						cancel()
					case "deliver":
						return broken
					}
				}
				got = append(got, v)
				return nil
			})
			if !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
			for i, v := range got {
				if v != i {
					t.Fatalf("results %v", got)
				}
			}
			// What is behind the last is not delivered, save where the context ends: what was
			// done by then is. No more began than may run ahead.
			wantGot := map[string]int{"context": 21, "work": 20, "deliver": 20}[name]
			if len(got) < wantGot || name != "context" && len(got) > wantGot || began.Load() > 20+1+4*3+1 {
				t.Errorf("%d results of %d that began", len(got), began.Load())
			}
		})
	}
}

func TestPanic(t *testing.T) {
	defer func() {
		if r, _ := recover().(string); !strings.HasPrefix(r, "at 5\n") {
			t.Errorf("panic %q", r)
		}
	}()
	Run(t.Context(), 10, 2, func(_ context.Context, _, i int) (int, error) {
		if i == 5 {
			panic("at 5")
		}
		return i, nil
	}, func(i, v int) error { return nil })
	t.Error("no panic")
}
