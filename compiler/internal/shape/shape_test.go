package shape

import (
	"math/rand/v2"
	"testing"
)

// windows slides a window over pixels one by one, as its definition says.
func windows(in int, w Window) int {
	n := 0
	for start := -w.Before; ; start += w.Stride {
		last := start + w.Dilation*(w.Kernel-1)
		fits := last < in+w.After
		overhangs := w.Ceil && start < in && (n > 0 || in+w.Before+w.After > w.Dilation*(w.Kernel-1)) && start < in+w.After
		// In ceiling mode one more window may overhang, if it starts inside the
		// input or the padding before it.
		if !fits && !(overhangs && start-w.Stride+w.Dilation*(w.Kernel-1) < in+w.After-1) {
			return n
		}
		n++
		if !fits {
			return n
		}
	}
}

// TestThrough compares the formula with windows that are slid one by one, over
// whole ranges of sizes.
func TestThrough(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		w := Window{Kernel: 1 + random.IntN(7), Stride: 1 + random.IntN(4), Dilation: 1 + random.IntN(3), Ceil: random.IntN(2) == 0}
		w.Before, w.After = random.IntN(w.Kernel), random.IntN(w.Kernel)
		r := &Range{"height", 1 + random.IntN(30), 0, 1 + random.IntN(5)}
		r.High = r.Low + random.IntN(60)
		d, err := Var(r).Through(w)
		failed := false
		for i := range r.Len() {
			want := windows(r.At(i), w)
			if want == 0 {
				failed = true
				break
			}
			if err == nil && d.At(r.At(i)) != want {
				t.Fatalf("%+v over %d pixels leaves %d, want %d", w, r.At(i), d.At(r.At(i)), want)
			}
		}
		if failed != (err != nil) {
			t.Fatalf("%+v over %+v: error %v", w, r, err)
		}
	}
}

// TestEqual wants the first size that tells two values apart.
func TestEqual(t *testing.T) {
	r := &Range{"height", 30, 40, 1}
	half, err := Var(r).Through(Window{Kernel: 1, Stride: 2})
	if err != nil {
		t.Fatal(err)
	}
	pooled, err := Var(r).Through(Window{Kernel: 2, Stride: 2})
	if err != nil {
		t.Fatal(err)
	}
	if same, failing := Equal(half, pooled); same || failing != 31 {
		t.Errorf("equal %t, failing at %d, want 31", same, failing)
	}
	if same, _ := Equal(half, half); !same {
		t.Error("a size differs from itself")
	}
	other := Var(&Range{"width", 30, 40, 1})
	if same, _ := Equal(Var(r), other); same {
		t.Error("height and width vary independently")
	}
	same, err := Var(r).Through(Window{Kernel: 3, Before: 1, After: 1})
	if err != nil || same.Expr() != Var(r).Expr() && same.Expr().Of != nil {
		t.Errorf("a padded window of stride 1 changes the expression: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	if _, err := Const(MaxSize).Plus(1); err == nil {
		t.Error("a size beyond the largest is accepted")
	}
	if _, err := Const(3).Through(Window{Kernel: 5}); err == nil {
		t.Error("a window larger than the image is accepted")
	}
}
