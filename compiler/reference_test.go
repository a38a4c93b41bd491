package compiler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
)

// TestStandardLibraryAgainstPyTorch compares every network of the standard
// library, with each shortcut policy, at an odd size, with PyTorch modules:
// weight names and shapes exactly, parameters, multiply-adds, and outputs.
// internal/reference/generate.py makes the references.
func TestStandardLibraryAgainstPyTorch(t *testing.T) {
	compareWithPyTorch(t, "std.json", func(model string) string { return "std/" + model })
}

// TestMobileNetV2 does the same for a network outside of the library, with
// blocks and a shortcut policy of its own.
func TestMobileNetV2(t *testing.T) {
	compareWithPyTorch(t, "mobilenet.json", func(model string) string { return referenceDir + model + ".res" })
}

const referenceDir = "../internal/reference/testdata/"

// compareWithPyTorch compares each row of a file of references; path finds the
// model of a row.
func compareWithPyTorch(t *testing.T, file string, path func(model string) string) {
	text, err := os.ReadFile(referenceDir + file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Model   string
		Set     map[string]string
		Shape   []int
		Params  int64
		MACs    int64
		Weights int
		SHA256  string `json:"weights_sha256"`
		Largest float64
		Every   int
		Output  []float64
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Run(fmt.Sprint(r.Model, r.Set), func(t *testing.T) {
			src, err := Load(path(r.Model))
			if err != nil {
				t.Fatal(err)
			}
			p, ds := Compile(src, Options{Set: r.Set, Shape: r.Shape})
			if ds.HasErrors() {
				t.Fatal(ds[0])
			}
			if p.Params() != r.Params || p.MACs() != r.MACs {
				t.Errorf("%d parameters and %d multiply-adds, want %d and %d", p.Params(), p.MACs(), r.Params, r.MACs)
			}
			var names []string
			for _, w := range p.Weights() {
				names = append(names, w.Name+" "+Dims(w.Shape))
			}
			slices.Sort(names)
			if sum := sha256.Sum256([]byte(strings.Join(names, "\n"))); hex.EncodeToString(sum[:]) != r.SHA256 {
				t.Errorf("%d weights with other names or shapes than PyTorch's %d", len(names), r.Weights)
			}
			if testing.Short() && r.Params > 1_000_000 {
				return
			}
			got := runOnce(t, p, r.Shape, fixture.Checkpoint(weightsOf(p)))
			for i, want := range r.Output {
				if d := math.Abs(float64(got[i*r.Every]) - want); !(d <= 1e-4*r.Largest) {
					t.Fatalf("output %d is %v, want %v; the largest is %v", i*r.Every, got[i*r.Every], want, r.Largest)
				}
			}
		})
	}
}
