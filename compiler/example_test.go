package compiler_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// tiny doubles the average of its image.
var tiny = dsl.NewSource("tiny.res", `model tiny {
    input image [1, 2, 2]
    avgpool
    fc: linear 1
}
`)

// load compiles tiny and gives it weights.
func load() (*compiler.Program, *safetensors.File) {
	p, diagnostics := compiler.Compile(tiny, compiler.Options{})
	if diagnostics.HasErrors() {
		log.Fatal(diagnostics[0])
	}
	weights, err := safetensors.New(
		safetensors.FromFloat32("fc.weight", []int{1, 1}, []float32{2}),
		safetensors.FromFloat32("fc.bias", []int{1}, []float32{0}))
	if err != nil {
		log.Fatal(err)
	}
	return p, weights
}

// Compile a network and run it in memory.
func Example() {
	p, weights := load()
	network, err := p.Load(weights)
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	session := network.NewSession(runtime.Threads(1))
	defer session.Close()
	output := make([]float32, 1)
	if err := session.Run(context.Background(), []float32{1, 2, 3, 4}, 2, 2, [][]float32{output}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(output)
	// Output: [5]
}

func ExampleProgram_Report() {
	src, err := compiler.Load("std/resnet50")
	if err != nil {
		log.Fatal(err)
	}
	p, diagnostics := compiler.Compile(src, compiler.Options{})
	if diagnostics.HasErrors() {
		log.Fatal(diagnostics[0])
	}
	r := p.Report()
	fmt.Println(compiler.Thousands(r.ParamCount), "parameters,", compiler.Thousands(r.MACs), "multiply-adds")
	// Output: 25,557,032 parameters, 4,089,184,256 multiply-adds
}

func ExampleProgram_Emit() {
	p, _ := load()
	files, err := p.Emit("tiny", "v1.0.0")
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name)
	}
	// Output:
	// model.go
	// session.go
	// arena.go
	// weights.go
	// stem.go
}

// Write a network as ONNX, and convert it back.
func ExampleImportONNX() {
	dir, err := os.MkdirTemp("", "onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tiny.onnx")
	file, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	p, weights := load()
	if err := p.WriteONNX(file, weights, "v1.0.0"); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
	imported, err := compiler.ImportONNX(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer imported.Close()
	fmt.Print(imported.Source)
	for _, w := range imported.Weights {
		fmt.Println(w.Name, w.Shape)
	}
	// Output:
	// // tiny was imported from ONNX, written by resc v1.0.0.
	// model tiny(classes = 1) {
	//     input image [1, 2, 2]
	//     weights(classes = 1) "tiny.safetensors"
	//
	//     avgpool
	//     fc: linear classes
	// }
	// fc.weight [1 1]
	// fc.bias [1]
}
