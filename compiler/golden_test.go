package compiler

import (
	"context"
	"slices"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/fixture/reference"
	"github.com/resc-lang/resc/runtime"
)

// weightsOf makes the deterministic weights of a program.
func weightsOf(p *Program) []fixture.Weight {
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	return ws
}

// TestPyTorchReferences compares whole networks with PyTorch, which computed in float64.
func TestPyTorchReferences(t *testing.T) {
	for _, n := range reference.Networks {
		t.Run(n.Name, func(t *testing.T) {
			want := n.Load(t)
			if testing.Short() && !n.IsSmall() {
				t.Skip("a whole network of ImageNet's size is not for a short test")
			}
			p := compileNetwork(t, n)
			if p.Params() != want.Params {
				t.Errorf("%d parameters, want %d", p.Params(), want.Params)
			}
			if e := reference.Error(run(t, p, n.Shape), want.Output); !(e <= 1e-4) {
				t.Errorf("outputs differ by %.2g of the largest", e)
			}
		})
	}
}

// compileNetwork compiles a network of which there is a reference, for its input.
func compileNetwork(t *testing.T, n reference.Network) *Program {
	t.Helper()
	return compileAt(t, "std/"+n.Model, n.Set, n.Shape)
}

// run runs a program under deterministic weights and input, with several
// numbers of threads, which must give the same bits, and returns the outputs.
func run(t *testing.T, p *Program, shape []int) []float32 {
	t.Helper()
	network, err := p.Load(fixture.Checkpoint(weightsOf(p)))
	if err != nil {
		t.Fatal(err)
	}
	input := fixture.Fill(fixture.InputName, shape)
	var first []float32
	for _, threads := range []int{1, 2, 3, 8} {
		s := network.NewSession(runtime.Threads(threads))
		var all []float32
		image := len(input) / shape[0]
		for i := range shape[0] {
			size := 1
			for _, d := range network.OutputShape(0, shape[2], shape[3]) {
				size *= d
			}
			out := make([]float32, size)
			if err := s.Run(context.Background(), input[i*image:(i+1)*image], shape[2], shape[3], [][]float32{out}); err != nil {
				t.Fatal(err)
			}
			all = append(all, out...)
		}
		s.Close()
		if first == nil {
			first = all
		} else if !slices.Equal(first, all) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
	return first
}
