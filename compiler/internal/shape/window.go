package shape

import (
	"errors"
	"fmt"
	"slices"
)

// Window is the geometry of a convolution's or a pooling's window along one
// axis. Zero Stride and Dilation mean 1.
type Window struct {
	Kernel, Stride, Dilation int
	Before, After            int // padding
	Ceil                     bool
}

// Span is the number of pixels from the window's first to its last.
func (w Window) Span() int { return w.Dilation*(w.Kernel-1) + 1 }

// size is PyTorch's rule: floor((in + padding - span) / stride) + 1, or the
// same with the ceiling, where the last window must start inside the input or
// the padding before it.
func (w Window) size(in int) int {
	room := in + w.Before + w.After - w.Span()
	if room < 0 {
		return 0
	}
	if !w.Ceil {
		return room/w.Stride + 1
	}
	n := (room+w.Stride-1)/w.Stride + 1
	if (n-1)*w.Stride >= in+w.Before {
		n--
	}
	return n
}

// ErrTooLarge is the error of a size beyond MaxSize.
var ErrTooLarge = errors.New("a size is too large")

// Through is the size that a window makes of d. The error names the first input
// size for which nothing would be left, or the one that grows too large.
func (d Dim) Through(w Window) (Dim, error) {
	w.Stride, w.Dilation = max(w.Stride, 1), max(w.Dilation, 1)
	out := Dim{over: d.over, values: make([]int, len(d.values))}
	for i, v := range d.values {
		n := w.size(v)
		switch {
		case n < 1:
			return Dim{}, fmt.Errorf("a window of %d does not fit into %d pixels%s", w.Span(), v+w.Before+w.After, d.where(i))
		case n > MaxSize:
			return Dim{}, fmt.Errorf("%w: %d is more than %d%s", ErrTooLarge, n, MaxSize, d.where(i))
		}
		out.values[i] = n
	}
	return out.from(d, w), nil
}

// Plus is d with n more pixels.
func (d Dim) Plus(n int) (Dim, error) {
	return d.Through(Window{Kernel: 1, After: n})
}

// from gives a size its expression. One that no longer varies becomes a
// constant, and one that a window leaves as it was stays the same.
func (out Dim) from(d Dim, w Window) Dim {
	if d.over == nil {
		return out
	}
	if out.Min() == out.Max() {
		return Const(out.values[0])
	}
	if slices.Equal(out.values, d.values) {
		return d // padded so that the size stays
	}
	out.expr = &Expr{Of: d.expr, Window: w}
	return out
}

// where names the input size behind the i-th value, if there is a choice.
func (d Dim) where(i int) string {
	if d.over == nil {
		return ""
	}
	return fmt.Sprintf(" for an input of %s %d", d.over.Name, d.over.At(i))
}

// Expr says how a size follows from another by a window. The root, with Of
// nil, is the input's size itself.
type Expr struct {
	Of     *Expr
	Window Window
}

// Go is the expression as Go source, in terms of the variable that holds the
// size it is made of. Rounding is down; Ceil is the caller's to see to.
func (e *Expr) Go(of string) string {
	w := e.Window
	add := w.Before + w.After - w.Span()
	if w.Stride == 1 {
		return plus(of, add+1)
	}
	return fmt.Sprintf("(%s)/%d", plus(of, add+w.Stride), w.Stride)
}

// plus is an addition as Go writes it.
func plus(v string, n int) string {
	switch {
	case n > 0:
		return fmt.Sprintf("%s + %d", v, n)
	case n < 0:
		return fmt.Sprintf("%s - %d", v, -n)
	default:
		return v
	}
}
