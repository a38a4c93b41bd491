package verify_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/compiler/verify"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// table is a reference whose values are vectors in memory.
type table map[string][]float64

func (t table) Names() []string { return []string{"avgpool", "fc"} }

func (t table) Read(name string) (shape []int, values []float64, err error) {
	return []int{1, len(t[name])}, t[name], nil
}

// The reference's linear layer has another weight: 3 instead of 2.
func ExampleRun() {
	src := dsl.NewSource("tiny.res", `model tiny {
    input image [1, 2, 2]
    avgpool
    fc: linear 1
}
`)
	weights, err := safetensors.New(
		safetensors.FromFloat32("fc.weight", []int{1, 1}, []float32{2}),
		safetensors.FromFloat32("fc.bias", []int{1}, []float32{0}))
	if err != nil {
		log.Fatal(err)
	}
	model := verify.Model{
		Compile: func(outputs []compiler.Output) (*compiler.Program, error) {
			p, diagnostics := compiler.Compile(src, compiler.Options{Outputs: outputs})
			if diagnostics.HasErrors() {
				return nil, errors.New(diagnostics[0].Message)
			}
			return p, nil
		},
		Load: func(p *compiler.Program) (*compiler.Network, error) { return p.Load(weights) },
	}
	reference := table{"avgpool": {2.5}, "fc": {7.5}}
	report, err := verify.Run(context.Background(), model, reference,
		verify.Options{Input: []float32{1, 2, 3, 4}, Images: 1, Height: 2, Width: 2, Tolerance: 1e-4, Threads: 1})
	if err != nil {
		log.Fatal(err)
	}
	first := report.First
	fmt.Println(first.Name, "at", first.Source, "is", first.Ours, "and should be", first.Reference)
	// Output: fc at tiny.res:4:5 is 5 and should be 7.5
}
