package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/fixture"
	pytorch "github.com/resc-lang/resc/internal/fixture/reference"
	"github.com/resc-lang/resc/internal/npy"
)

// TestRunAgreesWithPyTorch runs resc run on the deterministic weights and input
// of each of PyTorch's references: all where the shared folder is, a few small
// ones otherwise.
func TestRunAgreesWithPyTorch(t *testing.T) {
	paths, err := filepath.Glob("../../../shared/golden/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 || testing.Short() {
		if paths, err = filepath.Glob("../../compiler/testdata/golden/*.json"); err != nil || len(paths) == 0 {
			t.Fatalf("no references: %v", err)
		}
	}
	models := map[string][]string{
		"he-plain34":   {"std/plain34"},
		"he-resnet34a": {"std/resnet34", "--set", "shortcut=A"},
		"he-resnet34b": {"std/resnet34", "--set", "shortcut=B"},
		"he-resnet50a": {"std/resnet50", "--set", "shortcut=A"},
		"he-cifar20a":  {"std/cifar_resnet", "--set", "shortcut=A"},
		"he-cifar20b":  {"std/cifar_resnet", "--set", "shortcut=B"},
	}
	for _, path := range pytorch.Outputs(paths) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if filepath.Base(path) == "efficientnet_b0.json" {
				t.Skip("the standard library does not have the network")
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Model      string
				InputShape []int `json:"input_shape"`
				Output     []float64
			}
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			model, ok := models[want.Model]
			if !ok {
				model = []string{"std/" + want.Model}
			}
			dir := t.TempDir()
			weights, input, output := filepath.Join(dir, "w.safetensors"), filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy")
			writeFile(t, weights, func(f *os.File) error { return fixture.Write(f, weightsFor(t, model)) })
			writeFile(t, input, func(f *os.File) error {
				return npy.WriteFloat32(f, want.InputShape, fixture.Fill(fixture.InputName, want.InputShape))
			})
			var stdout, stderr bytes.Buffer
			args := append([]string{"run"}, model...)
			args = append(args, "--weights", weights, "--input", input, "--output", output, "--format", "json")
			if status := run(args, &stdout, &stderr); status != 0 {
				t.Fatalf("status %d: %s", status, stderr.String())
			}
			got, err := npy.ReadFile(output)
			if err != nil {
				t.Fatal(err)
			}
			largest := 0.0
			for _, v := range want.Output {
				largest = max(largest, math.Abs(v))
			}
			for i, v := range want.Output {
				if d := math.Abs(float64(got.Float32[i]) - v); !(d <= 1e-4*largest) {
					t.Fatalf("output %d is %v, want %v", i, got.Float32[i], v)
				}
			}
			if lines := strings.Count(stdout.String(), "\n"); lines != want.InputShape[0] {
				t.Errorf("%d lines for %d images", lines, want.InputShape[0])
			}
		})
	}
}

// weightsFor lists the weights of a model with its settings.
func weightsFor(t *testing.T, model []string) []fixture.Weight {
	t.Helper()
	src, err := compiler.Load(model[0])
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	if len(model) > 1 {
		name, value, _ := strings.Cut(model[2], "=")
		set[name] = value
	}
	p, ds := compiler.Compile(src, compiler.Options{Set: set})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	return ws
}

func writeFile(t *testing.T, path string, write func(*os.File) error) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := write(f); err != nil {
		t.Fatal(err)
	}
}
