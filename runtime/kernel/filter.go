package kernel

import (
	"fmt"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// FilterSpec says how the weights of a convolution are packed: everything that
// their order in memory depends on, save the processor's tier.
type FilterSpec struct {
	In, Out          int // channels
	KernelH, KernelW int
	Groups           int // 0 means 1; divides In and Out
	Block            int // channels a block of the input's layout; 0 means 16
	Stride           int // 0 means 1
	Algorithm        ByTier
	AsTaps           bool // Winograd's: the filter is kept as it is, however small, and transformed in each run
}

// Filter is the weights and bias of a convolution, packed for one kernel of one
// tier, which Conv.Run finds in it. It is immutable: sessions share it.
type Filter struct {
	spec      FilterSpec // no field is left to default
	tier      cpu.Level  // of the kernels
	method    method
	asTaps    bool           // Winograd's: there are no matrices but those of the expansion
	expansion *expansion     // of filters that are kept as taps until Prepare; nil if they stay so
	panels    []panel        // of direct convolution, Strassen's and Winograd's along rows
	index     []channelIndex // of depthwise convolution
	weights   []float32      // in the order of the kernel
	bias      []float32      // a value for each lane of the output's blocks
}

// Pack orders weights for the tier in force. weight is
// [Out][In/Groups][KernelH][KernelW]; bias is nil for none, or has Out values.
// Both are copied. Pack panics if s is no convolution or their lengths are not
// those that it gives: the callers have proved the one, and compared the shapes
// in the checkpoint with those of the model.
func (s FilterSpec) Pack(weight, bias []float32) *Filter {
	values := NewArena(s.Size())
	s = s.withDefaults()
	row := s.In / s.Groups * s.taps()
	if want := s.Out * row; len(weight) != want {
		panic(fmt.Sprintf("kernel: %d weights for %+v, which has %d", len(weight), s, want))
	}
	s.PackTo(values, matrix{weight, row}, bias)
	return s.Over(values)
}

// Size is the number of values of the packed filter, for the tier in force:
// weights, then a bias for each lane of the output's blocks.
func (s FilterSpec) Size() int {
	f, weights := s.plan()
	return weights + f.biases()
}

// PackTo packs rows of [In/Groups][KernelH][KernelW], and a bias that is nil or
// has Out values, into Size values that are zero.
func (s FilterSpec) PackTo(values []float32, rows Rows, bias []float32) {
	f := s.Over(values)
	if bias != nil && len(bias) != s.Out {
		panic(fmt.Sprintf("kernel: %d biases for %d channels", len(bias), s.Out))
	}
	copy(f.bias, bias)
	f.method.pack(f, rows)
}

// Over is the filter of values that PackTo has made, or will make: it keeps the
// slice.
func (s FilterSpec) Over(values []float32) *Filter {
	f, weights := s.plan()
	checkSize(f.spec, len(values), weights+f.biases())
	f.weights, f.bias = values[:weights:weights], values[weights:]
	return f
}

// plan decides all but the values: the kernel, and how many weights it reads in
// which order.
func (s FilterSpec) plan() (f *Filter, weights int) {
	s = s.withDefaults()
	if min(s.In, s.Out, s.KernelH, s.KernelW, s.Block) < 1 || s.In%s.Groups != 0 || s.Out%s.Groups != 0 {
		panic(fmt.Sprintf("kernel: no such convolution: %+v", s))
	}
	tier := cpu.Kernels()
	a := s.Algorithm.at(cpu.Tier())
	f = &Filter{spec: s, tier: tier, method: a.method(s)}
	if f.method == nil || !f.method.suits(s, tier) {
		panic(fmt.Sprintf("kernel: algorithm %d for %+v", a, s))
	}
	return f, f.method.plan(f)
}

// biases is the number of values of the bias.
func (f *Filter) biases() int { return blocksOf(f.spec.Out) * blockChannels }

// Bytes is the memory that the packed values occupy, with what Prepare added.
func (f *Filter) Bytes() int {
	n := len(f.weights) + len(f.bias)
	if f.expansion != nil {
		if made := f.expansion.matrices.Load(); made != nil {
			n += len(*made)
		}
	}
	return floatBytes * n
}

func (s FilterSpec) withDefaults() FilterSpec {
	s.Groups = max(s.Groups, 1)
	s.Stride = max(s.Stride, 1)
	if s.Block == 0 {
		s.Block = blockChannels
	}
	return s
}

// narrow reports whether the groups are so narrow, with as many inputs as
// outputs, that each lies in one block: the case of the depthwise kernels.
// Direct convolution would multiply by the zeros between the groups.
func (s FilterSpec) narrow() bool {
	width := s.In / s.Groups
	return s.Groups > 1 && s.In == s.Out && width <= widestGroup && blockChannels%width == 0 && s.Block == blockChannels
}

// wholeGroups reports whether groups, if there are several, are whole blocks.
func (s FilterSpec) wholeGroups() bool {
	return s.Groups == 1 || s.In/s.Groups%blockChannels == 0 && s.Out/s.Groups%blockChannels == 0
}

// taps is the number of weights that join one input channel to one output channel.
func (s FilterSpec) taps() int { return s.KernelH * s.KernelW }

// blocksOf is the number of blocks of 16 that hold the channels.
func blocksOf(channels int) int { return (channels + blockChannels - 1) / blockChannels }
