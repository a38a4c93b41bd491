package allocs

import (
	"fmt"
	"testing"
)

var sink *[64]byte

// every allocates in every nth call, and in the last of them.
func every(n int) func() {
	calls := 0
	return func() {
		if calls++; calls%n == 0 {
			sink = new([64]byte)
		}
	}
}

// TestLeastFinds wants each allocation of code that allocates at least once a window.
func TestLeastFinds(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 9, 10} {
		for before := range n { // wherever the window begins
			t.Run(fmt.Sprint(n, "/", before), func(t *testing.T) {
				f := every(n)
				for range before {
					f()
				}
				if got, want := Least(10, f), uint64(10/n); got < want || got > want+1 {
					t.Errorf("%d allocations in ten calls, want %d", got, want)
				}
			})
		}
	}
}

// TestLeastForgives passes over what happens in some windows and not in all.
func TestLeastForgives(t *testing.T) {
	calls := 0
	f := func() {
		if calls++; calls <= 5*windows/2 {
			sink = new([64]byte)
		}
	}
	if n := Least(5, f); n != 0 {
		t.Errorf("%d allocations after %d calls, want none", n, calls)
	}
	if n := Least(5, func() { calls++ }); n != 0 {
		t.Errorf("%d allocations of a function without any", n)
	}
}

func TestCount(t *testing.T) {
	for _, want := range []uint64{0, 1, 3} {
		// Others may allocate meanwhile, but not each time.
		found := false
		for range windows {
			n := Count(func() {
				for range want {
					sink = new([64]byte)
				}
			})
			if n < want {
				t.Fatalf("%d allocations, want %d", n, want)
			}
			found = found || n == want
		}
		if !found {
			t.Errorf("never %d allocations", want)
		}
	}
}
