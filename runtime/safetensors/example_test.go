package safetensors_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// Write a checkpoint, and read a tensor of it.
func Example() {
	var checkpoint bytes.Buffer
	tensors := []safetensors.Tensor{safetensors.FromFloat32("fc.weight", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6})}
	if err := safetensors.Write(&checkpoint, tensors, map[string]string{"format": "pt"}); err != nil {
		log.Fatal(err)
	}
	f, err := safetensors.OpenBytes(checkpoint.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	for _, name := range f.Names() {
		values, shape, err := f.Float32(name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, shape, values)
	}
	// Output: fc.weight [2 3] [1 2 3 4 5 6]
}
