package runtime_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/safetensors"
)

func ExampleTopK() {
	for _, c := range runtime.TopK([]float32{0, 2, 1}, []string{"ant", "bee", "wasp"}, 2) {
		fmt.Printf("%-4s %5.2f %%\n", c.Name, 100*c.Probability)
	}
	// Output:
	// bee  66.52 %
	// wasp 24.47 %
}

// A loader collects everything that is wrong with a checkpoint; Done reports it.
func ExampleLoader() {
	checkpoint, err := safetensors.New(
		safetensors.FromFloat32("fc.weight", []int{10, 64}, make([]float32, 640)),
		safetensors.FromFloat32("conv1.weight", []int{16, 3, 3, 3}, make([]float32, 432)))
	if err != nil {
		log.Fatal(err)
	}
	l := runtime.NewLoader(checkpoint)
	l.Dense(kernel.LinearSpec{In: kernel.Layout{C: 64, H: 1, W: 1}, Out: 100}, runtime.Fold{Weight: "fc.weight", Bias: "fc.bias"})
	var misfit *runtime.WeightsError
	if errors.As(l.Done(), &misfit) {
		fmt.Println("missing  ", misfit.Missing)
		fmt.Println("extra    ", misfit.Extra)
		fmt.Println("misshaped", misfit.Misshaped)
	}
	// Output:
	// missing   [fc.bias]
	// extra     [conv1.weight]
	// misshaped [{fc.weight [10 64] [100 64]}]
}

// doubling is a model's batch: each image is a number.
type doubling struct{ in, out []float32 }

func (d doubling) Image(_ *kernel.Threads, _ *struct{}, i int) error {
	d.out[i] = 2 * d.in[i]
	return nil
}

// A session runs the batches of an emitted package, whose model doubles numbers here.
func ExampleSession() {
	checkpoint, err := safetensors.New()
	if err != nil {
		log.Fatal(err)
	}
	weights := runtime.CheckpointWeights(checkpoint)
	s := runtime.NewSession[struct{}, doubling](weights, func() *struct{} { return nil }, runtime.Threads(2))
	defer s.Close()
	in, out := []float32{1, 2, 3}, make([]float32, 3)
	if err := s.Run(doubling{in, out}, len(in)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(out)
	// Output: [2 4 6]
}
