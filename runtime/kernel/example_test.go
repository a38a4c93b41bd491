package kernel_test

import (
	"fmt"

	"github.com/resc-lang/resc/runtime/kernel"
)

// A 3×3 convolution that sums each pixel's neighbourhood, with ReLU. Kernels read
// and write blocked layouts, so the image is copied into one first, with a halo
// as wide as the padding, and the result is copied out.
func ExampleConv() {
	in := kernel.Layout{C: 1, H: 3, W: 3, Halo: 1}
	out := kernel.Layout{C: 1, H: 3, W: 3}
	sum := kernel.FilterSpec{In: 1, Out: 1, KernelH: 3, KernelW: 3}.Pack([]float32{1, 1, 1, 1, 1, 1, 1, 1, 1}, []float32{-20})
	threads := kernel.NewThreads(1)
	defer threads.Close()

	image := []float32{
		1, 2, 3,
		4, 5, 6,
		7, 8, 9,
	}
	src, dst := kernel.NewArena(in.Len()), kernel.NewArena(out.Len())
	kernel.Import{Out: in}.Run(threads, src, image)
	kernel.Conv{In: in, Out: out, KernelH: 3, KernelW: 3, PadTop: 1, PadLeft: 1, Activation: kernel.ReLU}.Run(threads, dst, src, nil, sum)
	result := make([]float32, 9)
	kernel.Export{In: out}.Run(threads, result, dst)
	fmt.Println(result)
	// Output: [0 1 0 7 25 13 4 19 8]
}

// In ceiling mode a last window that begins within the input counts.
func ExampleCeilSize() {
	fmt.Println(kernel.CeilSize(7, 2, 2, 0, 0))
	// Output: 4
}
