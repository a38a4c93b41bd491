package compiler

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/fixture/reference"
	"github.com/resc-lang/resc/runtime"
)

// golden is PyTorch's output, computed in float64, of a network with weights
// that follow from their names.
type goldenOutput struct {
	Model      string    `json:"model"`
	InputShape []int     `json:"input_shape"`
	Params     int64     `json:"params"`
	Output     []float64 `json:"output"`
}

// goldenModels say which network of the standard library a reference is of.
var goldenModels = map[string]struct {
	model string
	set   map[string]string
}{
	"he-plain34":   {"resnet34", map[string]string{"shortcut": "none"}},
	"he-resnet34a": {"resnet34", map[string]string{"shortcut": "A"}},
	"he-resnet34b": {"resnet34", map[string]string{"shortcut": "B"}},
	"he-resnet50a": {"resnet50", map[string]string{"shortcut": "A"}},
	"he-cifar20a":  {"cifar_resnet", map[string]string{"shortcut": "A"}},
	"he-cifar20b":  {"cifar_resnet", map[string]string{"shortcut": "B"}},
}

// references finds the references that are there: a few small ones always, all
// of them where the shared folder is.
func references(t *testing.T) []string {
	paths, err := filepath.Glob("../../shared/golden/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		if paths, err = filepath.Glob("testdata/golden/*.json"); err != nil || len(paths) == 0 {
			t.Fatalf("no references: %v", err)
		}
	}
	return slices.DeleteFunc(reference.Outputs(paths), func(path string) bool {
		missing := slices.Contains(notInStd, strings.TrimSuffix(filepath.Base(path), ".json"))
		if missing {
			t.Logf("left out: %s, which the standard library does not have", path)
		}
		return missing
	})
}

// notInStd are references of networks that the standard library does not have.
var notInStd = []string{"efficientnet_b0"}

// weightsOf makes the deterministic weights of a program.
func weightsOf(p *Program) []fixture.Weight {
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	return ws
}

func TestPyTorchReferences(t *testing.T) {
	for _, path := range references(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want goldenOutput
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			name, set := want.Model, map[string]string(nil)
			if m, ok := goldenModels[want.Model]; ok {
				name, set = m.model, m.set
			}
			if testing.Short() && len(want.Output) > 10 {
				t.Skip("a whole network of ImageNet's size is not for a short test")
			}
			src, err := Load("std/" + name)
			if err != nil {
				t.Fatal(err)
			}
			p, ds := Compile(src, Options{Set: set, Shape: want.InputShape})
			if ds.HasErrors() {
				t.Fatal(ds[0])
			}
			if p.Params() != want.Params {
				t.Errorf("%d parameters, want %d", p.Params(), want.Params)
			}
			got := run(t, p, want.InputShape)
			worst, largest := 0.0, 0.0
			for i, w := range want.Output {
				worst = max(worst, math.Abs(float64(got[i])-w))
				largest = max(largest, math.Abs(w))
			}
			t.Logf("largest difference %.2g of the largest output", worst/largest)
			if !(worst <= 1e-4*largest) || len(got) != len(want.Output) {
				t.Errorf("outputs differ by %g of %g", worst, largest)
			}
		})
	}
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
