package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/compiler/verify"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/npy"
)

// reference is values in memory.
type reference struct {
	names  []string
	values map[string]*npy.Array
}

func (r *reference) Names() []string { return r.names }

func (r *reference) Read(name string) ([]int, []float64, error) {
	a := r.values[name]
	return a.Shape, a.AsFloat64(), nil
}

// add puts a value in.
func (r *reference) add(name string, a *npy.Array) {
	if r.values[name] == nil {
		r.names = append(r.names, name)
	}
	r.values[name] = a
}

// pytorch is what PyTorch computes of cifar_resnet with depth 8 and shortcut B,
// and the images.
func pytorch(t *testing.T) (*reference, *npy.Array) {
	t.Helper()
	z, err := npy.OpenArchive("../../internal/reference/testdata/trace.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r := &reference{values: map[string]*npy.Array{}}
	var input *npy.Array
	for _, name := range z.Names() {
		a, err := z.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "input" {
			input = a
		} else {
			r.add(name, a)
		}
	}
	return r, input
}

// model is the network, from a source of the standard library that edit changes.
func model(t *testing.T, shape []int, edit func(text string) string) verify.Model {
	t.Helper()
	src, err := compiler.Load("std/cifar_resnet")
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		src = dsl.NewSource(src.Name, edit(src.Text))
	}
	return verify.Model{
		Compile: func(outputs []compiler.Output) (*compiler.Program, error) {
			p, ds := compiler.Compile(src, compiler.Options{
				Set: map[string]string{"depth": "8", "shortcut": "B"}, Shape: shape, Outputs: outputs,
			})
			if ds.HasErrors() {
				t.Fatal(ds[0])
			}
			return p, nil
		},
		Load: func(p *compiler.Program) (*compiler.Network, error) {
			var ws []fixture.Weight
			for _, w := range p.Weights() {
				ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
			}
			return p.Load(fixture.Checkpoint(ws))
		},
	}
}

// compare runs the comparison.
func compare(t *testing.T, m verify.Model, ref verify.Reference, input *npy.Array) *verify.Report {
	t.Helper()
	r, err := verify.Run(context.Background(), m, ref, verify.Options{
		Input: input.AsFloat32(), Images: input.Shape[0], Height: input.Shape[2], Width: input.Shape[3],
		Tolerance: 1e-4, Threads: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAgreesWithPyTorch compares every value of a network with PyTorch's: what
// the fused network holds, and what its kernels take in.
func TestAgreesWithPyTorch(t *testing.T) {
	ref, input := pytorch(t)
	r := compare(t, model(t, input.Shape, nil), ref, input)
	if !r.Agrees || r.First != nil || len(r.Unmatched) > 0 && !allEnd(r.Unmatched, ".se") {
		t.Fatalf("%+v, without names %v", r.First, r.Unmatched)
	}
	inside := 0
	for _, l := range r.Layers {
		if l.Relative > 1e-5 || l.Absolute > 0 && l.ULP == 0 {
			t.Errorf("%s: %+v", l.Name, l)
		}
		if l.Inside {
			inside++
		}
	}
	for _, name := range []string{"conv1", "bn1", "layer2.0.downsample.1", "layer2.0.downsample", "layer2.0", "layer3", "fc", "output"} {
		if !slices.ContainsFunc(r.Layers, func(l verify.Layer) bool { return l.Name == name }) {
			t.Errorf("%s was not compared", name)
		}
	}
	if inside == 0 || inside == len(r.Layers) {
		t.Errorf("%d of %d values are inside of kernels", inside, len(r.Layers))
	}
}

func allEnd(names []string, suffix string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !strings.HasSuffix(n, suffix) })
}

// TestFindsTheFirst changes one thing of the network at a time; the comparison
// names the layer.
func TestFindsTheFirst(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(text string) string {
			if !strings.Contains(text, old) {
				t.Fatalf("the model has no %q", old)
			}
			return strings.Replace(text, old, new, 1)
		}
	}
	for _, c := range []struct {
		name, first string
		edit        func(string) string
	}{
		{"epsilon", "bn1", replace("16 -> bn", "16 -> bn eps 1e-3")},
		{"activation", "layer1.0.conv1", replace("bn -> relu", "bn -> silu")},
		{"padding", "conv1", replace("conv 3x3, 16", "conv 3x3, 16, pad (0, 2, 2, 0)")},
		{"stride", "layer3.0.conv1", replace("basic(64), /2", "basic(64)")},
	} {
		t.Run(c.name, func(t *testing.T) {
			ref, input := pytorch(t)
			r := compare(t, model(t, input.Shape, c.edit), ref, input)
			if r.Agrees || r.First == nil || r.First.Name != c.first {
				t.Errorf("the first to differ is %+v, not %s", r.First, c.first)
			}
		})
	}
}

// TestTampering changes single numbers of the reference.
func TestTampering(t *testing.T) {
	for _, c := range []struct {
		name   string
		tamper func(a *npy.Array)
		check  func(l *verify.Layer) bool
	}{
		{"value", func(a *npy.Array) { a.Float32[len(a.Float32)-1] += 1 },
			func(l *verify.Layer) bool {
				return math.Abs(float64(l.Absolute)-1) < 1e-4 && slices.Equal(l.At, []int{1, 31, 4, 3}) && l.ULP > 1000
			}},
		{"nan", func(a *npy.Array) { a.Float32[0] = float32(math.NaN()) },
			func(l *verify.Layer) bool { return math.IsInf(float64(l.Absolute), 1) }},
		{"infinite", func(a *npy.Array) { a.Float32[3] = float32(math.Inf(-1)) },
			func(l *verify.Layer) bool {
				return math.IsInf(float64(l.Relative), 1) && slices.Equal(l.At, []int{0, 0, 0, 3})
			}},
		{"shape", func(a *npy.Array) { a.Shape = []int{2, 32, 4, 5} },
			func(l *verify.Layer) bool { return strings.Contains(l.Problem, "[2 32 4 5]") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ref, input := pytorch(t)
			c.tamper(ref.values["layer2.0.bn2"])
			r := compare(t, model(t, input.Shape, nil), ref, input)
			if r.First == nil || r.First.Name != "layer2.0.bn2" || !c.check(r.First) {
				t.Fatalf("the first to differ is %+v", r.First)
			}
			var text bytes.Buffer
			if err := r.Text(&text); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text.String(), "differs first at layer2.0.bn2, bn (std/blocks.res:6:") {
				t.Errorf("printed\n%s", text.String())
			}
			if out, err := json.Marshal(r); err != nil || !json.Valid(out) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// TestNotFinite gives both sides NaN alone: they agree, and the report says what that is
// worth.
func TestNotFinite(t *testing.T) {
	ref, input := pytorch(t)
	fill := func(a *npy.Array) {
		for i := range a.Float32 {
			a.Float32[i] = float32(math.NaN())
		}
	}
	before := compare(t, model(t, input.Shape, nil), ref, input)
	var text bytes.Buffer
	if err := before.Text(&text); err != nil || strings.Contains(text.String(), "Both sides") || before.Layers[0].NotFinite != 0 {
		t.Errorf("finite values: %v\n%s", err, text.String())
	}
	fill(input)
	for _, a := range ref.values {
		fill(a)
	}
	r := compare(t, model(t, input.Shape, nil), ref, input)
	text.Reset()
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if want := "Both sides have values that are infinite or not a number, first 2016 of conv1, conv 3x3 16"; !strings.Contains(text.String(), want) {
		t.Errorf("printed\n%s, without %q", text.String(), want)
	}
	for _, l := range r.Layers {
		n := 1
		for _, d := range l.Shape {
			n *= d
		}
		if !l.Agrees || l.NotFinite != n {
			t.Errorf("%s: %d of %d values are not finite, agrees: %t", l.Name, l.NotFinite, n, l.Agrees)
		}
	}
}

// TestNames matches a module inside another, and says what does not match.
func TestNames(t *testing.T) {
	ref, input := pytorch(t)
	wrapped := &reference{values: map[string]*npy.Array{}}
	for _, name := range ref.names {
		wrapped.add("module."+name, ref.values[name])
	}
	wrapped.add("module.loss", ref.values["output"])
	r := compare(t, model(t, input.Shape, nil), wrapped, input)
	if !r.Agrees || r.Prefix != "module." || !slices.Contains(r.Unmatched, "module.loss") || len(r.Layers) < 20 {
		t.Errorf("%+v", r)
	}
	other := &reference{values: map[string]*npy.Array{}}
	other.add("blocks.0", ref.values["output"])
	_, err := verify.Run(context.Background(), model(t, input.Shape, nil), other, verify.Options{Input: input.AsFloat32(), Images: 2, Height: 9, Width: 7})
	if err == nil || !strings.Contains(err.Error(), "no names in common: the reference's are blocks.0") {
		t.Errorf("%v", err)
	}
}
