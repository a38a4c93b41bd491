package checkpoint_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"

	"github.com/resc-lang/resc/checkpoint"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// file is a checkpoint as DataParallel saves it.
func file() *checkpoint.File {
	var b bytes.Buffer
	err := safetensors.Write(&b, []safetensors.Tensor{
		safetensors.FromFloat32("module.fc.weight", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}),
		safetensors.FromFloat32("module.fc.bias", []int{2}, []float32{7, 8}),
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	f, err := checkpoint.OpenReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		log.Fatal(err)
	}
	return f
}

func ExampleMatch() {
	entries := []checkpoint.Entry{{Name: "fc.weight", Shape: []int{2, 3}}, {Name: "fc.bias", Shape: []int{2}}}
	mapping, err := checkpoint.Match(file(), entries, checkpoint.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range mapping.Pairs {
		fmt.Println(p.Name, "is", p.File)
	}
	weights, err := mapping.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer weights.Close()
	fmt.Println(weights.Names())
	// Output:
	// fc.weight is module.fc.weight
	// fc.bias is module.fc.bias
	// [fc.bias fc.weight]
}

// A file that does not fit is described in full.
func ExampleMisfitError() {
	entries := []checkpoint.Entry{{Name: "fc.weight", Shape: []int{5, 3}}, {Name: "fc.bias", Shape: []int{5}}}
	_, err := checkpoint.Match(file(), entries, checkpoint.Options{})
	var misfit *checkpoint.MisfitError
	if errors.As(err, &misfit) {
		for _, m := range misfit.Misshaped {
			fmt.Println(m.Name, "should be", m.Shape, "and is", m.Got)
		}
	}
	// Output:
	// fc.weight should be [5 3] and is [2 3]
	// fc.bias should be [5] and is [2]
}
