package kernel

import "fmt"

// Conv is the geometry of a convolution with what is fused into it:
//
//	dst = activation(conv(src) + bias + residual)
//
// Stride, Dilation and Groups of zero mean 1. The padding at the bottom and on
// the right follows from the size of Out. In.Halo covers all padding.
type Conv struct {
	In, Out          Layout
	Residual         Layout // of the residual; the zero value means Out
	KernelH, KernelW int
	Stride, Dilation int
	Groups           int
	PadTop, PadLeft  int
	Activation       Activation
}

// Run computes one image. dst, src and residual have the lengths of their
// layouts; residual is nil for none, and may be dst where Residual and Out
// agree. src overlaps neither. w was packed for this convolution: another
// filter is a fault of the caller's, and panics before anything is written.
func (c Conv) Run(t *Threads, dst, src, residual []float32, w *Filter) {
	c = c.withDefaults()
	c.check(dst, src, residual, w)
	w.method.run(c, t, dst, src, residual, w)
}

func (c Conv) withDefaults() Conv {
	c.Stride = max(c.Stride, 1)
	c.Dilation = max(c.Dilation, 1)
	c.Groups = max(c.Groups, 1)
	if c.Residual == (Layout{}) {
		c.Residual = c.Out
	}
	return c
}

// check panics unless the kernels stay within the buffers and the filter: they
// compute addresses from the geometry and look at no lengths.
func (c Conv) check(dst, src, residual []float32, w *Filter) {
	s := w.spec
	right := (c.Out.W-1)*c.Stride + (c.KernelW-1)*c.Dilation - c.PadLeft - (c.In.W - 1)
	bottom := (c.Out.H-1)*c.Stride + (c.KernelH-1)*c.Dilation - c.PadTop - (c.In.H - 1)
	switch {
	case s.In != c.In.C || s.Out != c.Out.C || s.KernelH != c.KernelH || s.KernelW != c.KernelW ||
		s.Groups != c.Groups || s.Stride != c.Stride || s.Block != c.In.block():
		panic(fmt.Sprintf("kernel: filter %+v in convolution %+v", s, c))
	case min(c.In.H, c.In.W, c.Out.H, c.Out.W) < 1 || min(c.In.Halo, c.Out.Halo, c.Residual.Halo) < 0:
		panic(fmt.Sprintf("kernel: convolution of nothing: %+v", c))
	case c.Out.block() != blockChannels || c.Residual.block() != blockChannels:
		panic(fmt.Sprintf("kernel: convolution to blocks other than 16: %+v", c))
	case min(c.PadTop, c.PadLeft) < 0 || max(c.PadTop, c.PadLeft, right, bottom) > c.In.Halo:
		panic(fmt.Sprintf("kernel: padding exceeds the halo: %+v", c))
	case len(dst) < c.Out.Len() || len(src) < c.In.Len():
		panic(fmt.Sprintf("kernel: buffers of %d and %d values for convolution %+v", len(dst), len(src), c))
	case residual != nil && (c.Residual.C != c.Out.C || c.Residual.H != c.Out.H || c.Residual.W != c.Out.W || len(residual) < c.Residual.Len()):
		panic(fmt.Sprintf("kernel: residual of %d values for convolution %+v", len(residual), c))
	}
}

// kernelRows is the range of kernel rows that fall on the image where the first
// falls on row start. The others are in the padding and would add zeros.
func (c *Conv) kernelRows(start int) (low, high int) {
	if start >= 0 && start+(c.KernelH-1)*c.Dilation < c.In.H {
		return 0, c.KernelH
	}
	low = ceil(max(-start, 0), c.Dilation)
	high = min(ceil(max(c.In.H-start, 0), c.Dilation), c.KernelH)
	if low >= high {
		return 0, 0
	}
	return low, high
}
