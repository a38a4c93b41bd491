package kernel

import (
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// A tier that a choice does not name has direct convolution, or AVX-512's choice if it
// runs the same kernels.
func TestByTier(t *testing.T) {
	levels := []cpu.Level{cpu.AVX512, cpu.AVX512x2, cpu.AVX2, cpu.NEON, cpu.Portable}
	both := ByTier{AVX512: Strassen, AVX512x2: Winograd2, AVX2: Winograd4}
	for _, c := range []struct {
		choice ByTier
		want   [5]Algorithm
	}{
		{ByTier{}, [5]Algorithm{Direct, Direct, Direct, Direct, Direct}},
		{ByTier{AVX512: Winograd4}, [5]Algorithm{Winograd4, Winograd4, Direct, Direct, Direct}},
		{ByTier{AVX512: Strassen, AVX512x2: Direct}, [5]Algorithm{Strassen, Direct, Direct, Direct, Direct}},
		{ByTier{AVX512x2: Winograd2, NEON: Winograd4}, [5]Algorithm{Direct, Winograd2, Direct, Winograd4, Direct}},
		{both.Like("avx512"), [5]Algorithm{Strassen, Strassen, Winograd4, Direct, Direct}},
		{both.Like("avx512x2"), [5]Algorithm{Winograd2, Winograd2, Winograd4, Direct, Direct}},
		{both.Like("avx2"), [5]Algorithm{Strassen, Winograd2, Winograd4, Direct, Direct}},
	} {
		for i, l := range levels {
			if got := c.choice.at(l); got != c.want[i] {
				t.Errorf("%+v at %v: %d, want %d", c.choice, l, got, c.want[i])
			}
		}
	}
}

// copies is an algorithm of 1×1 convolutions that takes one weight of all for the value
// of each output.
type copies struct{}

func (copies) suits(s FilterSpec, _ cpu.Level) bool { return s.taps() == 1 }

func (copies) plan(*Filter) (weights int) { return 1 }

func (copies) pack(f *Filter, rows Rows) { rows.Row(f.weights, 0, 0) }

func (copies) run(_ Conv, _ *Threads, dst, _, _ []float32, w *Filter) {
	for i := range dst {
		dst[i] = w.weights[0]
	}
}

// A row of the table and its methods are all that a new algorithm needs here.
func TestNewAlgorithm(t *testing.T) {
	const number = Algorithm(1000)
	row := algorithms[Direct]
	row.name, row.constant, row.method = "copies", "Copies", copies{}
	algorithms[number] = row
	defer delete(algorithms, number)

	all := Algorithms()
	if all[0] != Direct || all[len(all)-1] != number || number.Name() != "copies" {
		t.Errorf("algorithms: %v, the last one is %q", all, number.Name())
	}
	s := FilterSpec{In: 2, Out: 1, KernelH: 1, KernelW: 1, Algorithm: ByTier{number, number, number, number, number}}
	c := Conv{In: Layout{C: 2, H: 3, W: 3}, Out: Layout{C: 1, H: 3, W: 3}, KernelH: 1, KernelW: 1}
	dst, threads := NewArena(c.Out.Len()), NewThreads(1)
	defer threads.Close()
	c.Run(threads, dst, NewArena(c.In.Len()), nil, s.Pack([]float32{5, 7}, nil))
	if dst[0] != 5 {
		t.Errorf("the output is %v, not by the new algorithm", dst[0])
	}
	s.KernelH = 3
	if !panics(func() { s.Size() }) {
		t.Error("a convolution that the algorithm is not for: accepted")
	}
}

// A number without a row is refused.
func TestUnknownAlgorithm(t *testing.T) {
	s := FilterSpec{In: 1, Out: 1, KernelH: 1, KernelW: 1, Algorithm: ByTier{999, 999, 999, 999, 999}}
	if !panics(func() { s.Size() }) {
		t.Error("accepted")
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
