package runtime

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// layer is a convolution of two groups with a bias, a batch norm and a scale.
var layer = []fixture.Weight{
	{Name: "conv.weight", Shape: []int{4, 3, 1, 2}},
	{Name: "conv.bias", Shape: []int{4}},
	{Name: "bn.weight", Shape: []int{4}},
	{Name: "bn.bias", Shape: []int{4}},
	{Name: "bn.running_mean", Shape: []int{4}},
	{Name: "bn.running_var", Shape: []int{4}},
	{Name: "scale.weight", Shape: []int{4}},
	{Name: "scale.bias", Shape: []int{4}},
}

var (
	layerSpec = kernel.FilterSpec{In: 6, Out: 4, KernelH: 1, KernelW: 2, Groups: 2}
	layerFold = Fold{Weight: "conv.weight", Bias: "conv.bias", Norms: []Norm{{Name: "bn", Eps: 1e-3}, {Name: "scale", Scale: true}}}
)

// checkpoint is layer with some entries replaced, or left out where values is
// nil.
func checkpoint(t *testing.T, replaced map[string][]float32) *safetensors.File {
	t.Helper()
	var tensors []safetensors.Tensor
	for _, w := range layer {
		values, ok := replaced[w.Name]
		if !ok {
			values = fixture.Fill(w.Name, w.Shape)
		}
		if values != nil {
			shape := w.Shape
			if len(values) != len(fixture.Fill(w.Name, w.Shape)) {
				shape = []int{len(values)}
			}
			tensors = append(tensors, safetensors.FromFloat32(w.Name, shape, values))
		}
	}
	file, err := safetensors.New(tensors...)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLoader(t *testing.T) {
	l := NewLoader(checkpoint(t, nil))
	if f := l.Filter(layerSpec, layerFold); f == nil {
		t.Error("no filter")
	}
	if err := l.Done(); err != nil {
		t.Error(err)
	}
}

func TestLoaderLinearAndScaleShift(t *testing.T) {
	file := fixture.Checkpoint([]fixture.Weight{
		{Name: "fc.weight", Shape: []int{5, 12}},
		{Name: "fc.bias", Shape: []int{5}},
		{Name: "bn.weight", Shape: []int{3}},
		{Name: "bn.bias", Shape: []int{3}},
		{Name: "bn.running_mean", Shape: []int{3}},
		{Name: "bn.running_var", Shape: []int{3}},
		{Name: "bn.num_batches_tracked"},
	})
	l := NewLoader(file)
	if l.Dense(kernel.LinearSpec{In: kernel.Layout{C: 3, H: 2, W: 2}, Out: 5}, Fold{Weight: "fc.weight", Bias: "fc.bias"}) == nil {
		t.Error("no dense weights")
	}
	if l.ScaleShift(3, Norm{Name: "bn", Eps: 1e-5}) == nil {
		t.Error("no scale and shift")
	}
	if err := l.Done(); err != nil {
		t.Error(err)
	}
}

func TestLoaderErrors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	vector := func(values ...float32) []float32 { return values }
	weight := fixture.Fill("conv.weight", layer[0].Shape)
	weight[7] = nan
	for name, test := range map[string]struct {
		replaced map[string][]float32
		want     WeightsError
	}{
		"missing": {
			map[string][]float32{"conv.weight": nil, "bn.bias": nil, "bn.running_var": nil, "scale.weight": nil},
			WeightsError{Missing: []string{"conv.weight", "bn.bias", "bn.running_var", "scale.weight"}},
		},
		"misshaped": {
			map[string][]float32{"conv.weight": vector(1), "bn.running_mean": vector(1, 2, 3)},
			WeightsError{Misshaped: []Misshape{{"conv.weight", []int{1}, []int{4, 3, 1, 2}}, {"bn.running_mean", []int{3}, []int{4}}}},
		},
		"missing and misshaped": {
			map[string][]float32{"conv.bias": nil, "scale.bias": vector(1)},
			WeightsError{Missing: []string{"conv.bias"}, Misshaped: []Misshape{{"scale.bias", []int{1}, []int{4}}}},
		},
		"weight is NaN": {
			map[string][]float32{"conv.weight": weight},
			WeightsError{Unusable: []Unusable{{"conv.weight", notFinite}}},
		},
		"bias is infinite": {
			map[string][]float32{"conv.bias": vector(0, -inf, 0, 0)},
			WeightsError{Unusable: []Unusable{{"conv.bias", notFinite}}},
		},
		"infinite variance": { // whose root's inverse is a harmless 0
			map[string][]float32{"bn.running_var": vector(1, 1, inf, 1)},
			WeightsError{Unusable: []Unusable{{"bn.running_var", notFinite}}},
		},
		"NaN variance": {
			map[string][]float32{"bn.running_var": vector(1, nan, 1, 1)},
			WeightsError{Unusable: []Unusable{{"bn.running_var", notFinite}}},
		},
		"negative variance": {
			map[string][]float32{"bn.running_var": vector(1, 1, 1, -0.5)},
			WeightsError{Unusable: []Unusable{{"bn.running_var", "channel 3 has a negative variance, -0.5"}}},
		},
		"overflow": {
			map[string][]float32{"bn.weight": vector(1, 3e38, 1, 1), "bn.running_var": vector(1, 0, 1, 1)},
			WeightsError{Unusable: []Unusable{{"bn.weight", "overflows float32 when the norm is folded in"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLoader(checkpoint(t, test.replaced))
			for range 2 { // layers may share weights; a fault is named once
				l.Filter(layerSpec, layerFold)
			}
			err := l.Done()
			var got *WeightsError
			if !errors.As(err, &got) || !reflect.DeepEqual(*got, test.want) {
				t.Errorf("error %+v\nwant  %+v", got, test.want)
			}
		})
	}
}

func TestScaleShiftErrors(t *testing.T) {
	for name, test := range map[string]struct {
		replaced []float32
		want     string
	}{
		"missing":  {nil, "1 missing:\n\tbn.running_var"},
		"negative": {[]float32{-1, 0, 0, 0}, "bn.running_var: channel 0 has a negative variance, -1"},
		"overflow": {[]float32{0, 0, 0, 0}, "bn.weight: overflows"},
	} {
		l := NewLoader(checkpoint(t, map[string][]float32{"bn.running_var": test.replaced}))
		l.ScaleShift(4, Norm{Name: "bn"}) // with epsilon 0
		if err := l.Done(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want %q", name, err, test.want)
		}
	}
}

func TestExtraAndType(t *testing.T) {
	integers := safetensors.NewTensor("fc.weight", "I64", []int{1, 1}, func() ([]byte, error) { return make([]byte, 8), nil })
	file, err := safetensors.New(integers,
		safetensors.FromFloat32("b", nil, []float32{0}),
		safetensors.FromFloat32("a", nil, []float32{0}),
		safetensors.FromFloat32("num_batches_tracked", nil, []float32{0}),
		safetensors.FromFloat32("x.num_batches_tracked", nil, []float32{0}),
		safetensors.FromFloat32("x.not_num_batches_tracked", nil, []float32{0}))
	if err != nil {
		t.Fatal(err)
	}
	l := NewLoader(file)
	l.Dense(kernel.LinearSpec{In: kernel.Layout{C: 1, H: 1, W: 1}, Out: 1}, Fold{Weight: "fc.weight"})
	var got *WeightsError
	if err := l.Done(); !errors.As(err, &got) {
		t.Fatalf("error %v", err)
	}
	if want := []string{"a", "b", "x.not_num_batches_tracked"}; !slices.Equal(got.Extra, want) {
		t.Errorf("extra %v, want %v", got.Extra, want)
	}
	if len(got.Unusable) != 1 || !strings.Contains(got.Unusable[0].Reason, "I64") {
		t.Errorf("unusable %v", got.Unusable)
	}
}

func TestWeightsErrorText(t *testing.T) {
	err := &WeightsError{
		Missing:   []string{"a", "b", "c", "d", "e", "f", "g"},
		Extra:     []string{"module.a"},
		Misshaped: []Misshape{{"fc.weight", []int{1000, 512}, []int{10, 512}}},
		Unusable:  []Unusable{{"bn.running_var", "channel 0 has a negative variance, -1"}},
	}
	const want = `the weights do not fit the model
7 missing:
	a
	b
	c
	d
	e
	and 2 more
1 not the model's:
	module.a
1 of another shape:
	fc.weight is [1000,512], and should be [10,512]
1 unusable:
	bn.running_var: channel 0 has a negative variance, -1`
	if got := err.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestLoaderKeepsNothing closes the file before the weights are used, as emitted
// code does.
func TestLoaderKeepsNothing(t *testing.T) {
	var b bytes.Buffer
	if err := fixture.Write(&b, layer[:2]); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	file, err := safetensors.OpenBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLoader(file)
	f := l.Filter(layerSpec, Fold{Weight: "conv.weight", Bias: "conv.bias"})
	if err := l.Done(); err != nil {
		t.Fatal(err)
	}
	before := pixel(f)
	clear(data)
	if after := pixel(f); !slices.Equal(before, after) || after[0] == 0 {
		t.Errorf("a packed filter changes with the file: %v, then %v", before, after)
	}
}

// pixel runs a filter of layerSpec over two pixels of ones.
func pixel(f *kernel.Filter) []float32 {
	in, out := kernel.Layout{C: 6, H: 1, W: 2}, kernel.Layout{C: 4, H: 1, W: 1}
	src, dst := kernel.NewArena(in.Len()), kernel.NewArena(out.Len())
	for i := range src {
		src[i] = 1
	}
	threads := kernel.NewThreads(1)
	defer threads.Close()
	threads.Begin()
	defer threads.End()
	kernel.Conv{In: in, Out: out, KernelH: 1, KernelW: 2, Groups: 2}.Run(threads, dst, src, nil, f)
	return dst[:4]
}

// TestCheckpoint loads the stem and the head of a published network.
func TestCheckpoint(t *testing.T) {
	file, err := safetensors.Open(filepath.Join("..", "..", "shared", "data", "weights", "cifar_resnet20.safetensors"))
	if err != nil {
		t.Skip(err)
	}
	defer file.Close()
	l := NewLoader(file)
	l.Filter(kernel.FilterSpec{In: 3, Out: 16, KernelH: 3, KernelW: 3}, Fold{Weight: "conv1.weight", Norms: []Norm{{Name: "bn1", Eps: 1e-5}}})
	l.Dense(kernel.LinearSpec{In: kernel.Layout{C: 64, H: 1, W: 1}, Out: 10}, Fold{Weight: "fc.weight", Bias: "fc.bias"})
	var got *WeightsError
	if err := l.Done(); !errors.As(err, &got) || len(got.Missing)+len(got.Misshaped)+len(got.Unusable) > 0 || len(got.Extra) != 18*5 {
		t.Errorf("error %v", err)
	}
}
