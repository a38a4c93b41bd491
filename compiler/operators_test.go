package compiler

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/fixture/reference"
)

// TestOperatorsAgainstPyTorch compares small networks of everything the language
// has beyond the standard library with PyTorch: weight names and shapes exactly,
// and every value of the output. internal/reference/generate.py makes the
// references.
func TestOperatorsAgainstPyTorch(t *testing.T) {
	text, err := os.ReadFile("../internal/reference/testdata/operators.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Name, Source string
		Shape        []int
		Weights      []string
		OutputShape  []int `json:"output_shape"`
		Output       []float64
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) < 75 {
		t.Fatalf("%d references, want 75 at least", len(rows))
	}
	for _, r := range rows {
		t.Run(r.Name, func(t *testing.T) {
			p, ds := Compile(dsl.NewSource("m.res", r.Source), Options{})
			if ds.HasErrors() {
				t.Fatalf("%v\n%s", ds[0], r.Source)
			}
			var names []string
			for _, w := range p.Weights() {
				names = append(names, w.Name+" "+Dims(w.Shape))
			}
			slices.Sort(names)
			if !slices.Equal(names, r.Weights) {
				t.Fatalf("weights %v, want %v", names, r.Weights)
			}
			network, err := p.Load(fixture.Checkpoint(weightsOf(p)))
			if err != nil {
				t.Fatal(err)
			}
			if got := network.OutputShape(0, r.Shape[2], r.Shape[3]); !slices.Equal(got, r.OutputShape[1:]) {
				t.Fatalf("output %v, want %v\n%s", got, r.OutputShape[1:], r.Source)
			}
			s := network.NewSession()
			defer s.Close()
			input := fixture.Fill(fixture.InputName, r.Shape)
			in, out := len(input)/r.Shape[0], len(r.Output)/r.Shape[0]
			var got []float32
			for i := range r.Shape[0] {
				one := make([]float32, out)
				if err := s.Run(context.Background(), input[i*in:(i+1)*in], r.Shape[2], r.Shape[3], [][]float32{one}); err != nil {
					t.Fatal(err)
				}
				got = append(got, one...)
			}
			if e := reference.Error(got, r.Output); !(e <= 1e-5) {
				t.Errorf("error %.2g\n%s", e, r.Source)
			}
		})
	}
}
