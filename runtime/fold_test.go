package runtime

import (
	"math"
	"slices"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
)

// all reads every row.
func all(t *testing.T, r *rows) []float32 {
	t.Helper()
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	values := make([]float32, r.tensor.Len())
	for c := range r.tensor.Shape[0] {
		r.Row(values[c*r.length:][:r.length], c, 0)
	}
	return values
}

// TestFold compares the folded layer with the layer and its norms one after the
// other, on the unit vectors and on zero.
func TestFold(t *testing.T) {
	file := checkpoint(t, nil)
	l := NewLoader(file)
	r, bias, ok := l.fold(layerFold, 4, 3, 1, 2)
	if !ok {
		t.Fatal(l.Done())
	}
	weight := all(t, r)
	get := func(name string) []float32 {
		values, _, err := file.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	norms := func(c int, x float64) float64 {
		x = (x-float64(get("bn.running_mean")[c]))/math.Sqrt(float64(get("bn.running_var")[c])+1e-3)*float64(get("bn.weight")[c]) + float64(get("bn.bias")[c])
		return x*float64(get("scale.weight")[c]) + float64(get("scale.bias")[c])
	}
	for c := range 4 {
		b := float64(get("conv.bias")[c])
		if want := norms(c, b); math.Abs(float64(bias[c])-want) > 1e-7 {
			t.Errorf("bias %d is %v, want %v", c, bias[c], want)
		}
		for i := range 6 {
			w := float64(get("conv.weight")[6*c+i])
			if want := norms(c, w+b); math.Abs(float64(weight[6*c+i])+float64(bias[c])-want) > 2e-7 {
				t.Errorf("weight %d of channel %d and bias make %v, want %v", i, c, weight[6*c+i]+bias[c], want)
			}
		}
	}
	if got := get("conv.weight"); !slices.Equal(got, fixture.Fill("conv.weight", layer[0].Shape)) {
		t.Error("folding changed the checkpoint")
	}
}

func TestFoldWithoutNorms(t *testing.T) {
	l := NewLoader(checkpoint(t, nil))
	r, bias, ok := l.fold(Fold{Weight: "conv.weight"}, 4, 3, 1, 2)
	if !ok || bias != nil || !slices.Equal(all(t, r), fixture.Fill("conv.weight", layer[0].Shape)) {
		t.Errorf("fold is %v, %v, %v", r, bias, ok)
	}
	_, bias, ok = l.fold(Fold{Weight: "conv.weight", Norms: []Norm{{Name: "scale", Scale: true}}}, 4, 3, 1, 2)
	if !ok || !slices.Equal(bias, fixture.Fill("scale.bias", []int{4})) {
		t.Errorf("without a bias of its own, a scaled layer has bias %v", bias)
	}
}
