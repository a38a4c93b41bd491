// Command gomlx times an ONNX model in gomlx's backend of plain Go, and prints one
// line of JSON. It is a module of its own, so that gomlx is in nobody's module graph.
//
//	gomlx MODEL.onnx SIDE THREADS RUNS
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/gomlx/gomlx/backends"
	_ "github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/onnx-gomlx/onnx"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatal("usage: gomlx MODEL.onnx SIDE THREADS RUNS")
	}
	var n [3]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(os.Args[2+i]); err != nil || n[i] < 1 {
			log.Fatalf("%s is no number", os.Args[2+i])
		}
	}
	if err := run(os.Args[1], n[0], n[1], n[2]); err != nil {
		log.Fatal(err)
	}
}

func run(path string, side, threads, runs int) error {
	runtime.GOMAXPROCS(threads)
	backend, err := backends.NewWithConfig(fmt.Sprintf("go:parallelism=%d", threads))
	if err != nil {
		return err
	}
	model, err := onnx.ReadFile(path)
	if err != nil {
		return err
	}
	weights := context.New()
	if err := model.VariablesToContext(weights); err != nil {
		return err
	}
	names, _ := model.Inputs()
	exec, err := context.NewExec(backend, weights.Reuse(), func(ctx *context.Context, image *graph.Node) *graph.Node {
		return model.CallGraph(ctx, image.Graph(), map[string]*graph.Node{names[0]: image})[0]
	})
	if err != nil {
		return err
	}
	values := make([]float32, 3*side*side)
	for i := range values {
		values[i] = float32(2 * math.Sin(float64(i)))
	}
	image := tensors.FromFlatDataAndDimensions(values, 1, 3, side, side)
	if _, err := exec.Exec(image); err != nil { // compiles
		return err
	}
	var times []float64
	for range runs {
		start := time.Now()
		if _, err := exec.Exec(image); err != nil {
			return err
		}
		times = append(times, float64(time.Since(start).Nanoseconds())/1e6)
	}
	slices.Sort(times)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"runs": runs, "min_ms": times[0], "median_ms": (times[runs/2] + times[(runs-1)/2]) / 2, "p99_ms": times[runs-1],
	})
}
