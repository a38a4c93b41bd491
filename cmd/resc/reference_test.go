package main

import (
	"bytes"
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
// of each of PyTorch's references.
func TestRunAgreesWithPyTorch(t *testing.T) {
	for _, n := range pytorch.Networks {
		t.Run(n.Name, func(t *testing.T) {
			want := n.Load(t)
			if testing.Short() && !n.IsSmall() {
				t.Skip("a whole network of ImageNet's size is not for a short test")
			}
			model := []string{"std/" + n.Model}
			for name, value := range n.Set {
				model = append(model, "--set", name+"="+value)
			}
			dir := t.TempDir()
			weights, input, output := filepath.Join(dir, "w.safetensors"), filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy")
			writeFile(t, weights, func(f *os.File) error { return fixture.Write(f, weightsFor(t, n)) })
			writeFile(t, input, func(f *os.File) error {
				return npy.WriteFloat32(f, n.Shape, fixture.Fill(fixture.InputName, n.Shape))
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
			if e := pytorch.Error(got.Float32, want.Output); !(e <= 1e-4) {
				t.Errorf("outputs differ by %.2g of the largest", e)
			}
			if lines := strings.Count(stdout.String(), "\n"); lines != n.Shape[0] {
				t.Errorf("%d lines for %d images", lines, n.Shape[0])
			}
		})
	}
}

// weightsFor lists the weights of a network.
func weightsFor(t *testing.T, n pytorch.Network) []fixture.Weight {
	t.Helper()
	src, err := compiler.Load("std/" + n.Model)
	if err != nil {
		t.Fatal(err)
	}
	p, ds := compiler.Compile(src, compiler.Options{Set: n.Set})
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
