package compiler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/compiler/internal/onnx"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/fixture/reference"
	"github.com/resc-lang/resc/internal/golden"
	format "github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// exported is a program as an ONNX model, with made-up weights that nobody reads.
func exported(t *testing.T, p *Program) *format.Model {
	t.Helper()
	m, err := onnx.Export(p.model, p.written, fixture.Checkpoint(weightsOf(p)), "v0.0.0")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// layersOf is what a report says of the network, without where it was written.
func layersOf(p *Program) []ReportLayer {
	layers := p.Report().Layers
	for i := range layers {
		layers[i].Source = ""
	}
	return layers
}

// imports exports a program, imports what was exported, and wants the same report.
func imports(t *testing.T, p *Program) *Program {
	t.Helper()
	found, err := onnx.Import(exported(t, p), p.Name(), nil, "w.safetensors", compileGraph(p.Name()))
	if err != nil {
		t.Fatal(err)
	}
	again := compileText(t, found.Text)
	a, b := p.Report(), again.Report()
	if !reflect.DeepEqual(layersOf(p), layersOf(again)) {
		for i, l := range layersOf(p) {
			if i >= len(b.Layers) || !reflect.DeepEqual(l, layersOf(again)[i]) {
				t.Errorf("layer %d was %+v", i, l)
				if i < len(b.Layers) {
					t.Errorf("and is   %+v", layersOf(again)[i])
				}
				break
			}
		}
	}
	if !reflect.DeepEqual(a.Weights, b.Weights) || !reflect.DeepEqual(a.Outputs, b.Outputs) || a.Input.Name != b.Input.Name || !slices.Equal(a.Input.Shape, b.Input.Shape) || a.Input.Range != b.Input.Range {
		t.Errorf("input, outputs or weights differ: %v %v, %v %v", a.Input, a.Outputs, b.Input, b.Outputs)
	}
	if a.ParamCount != b.ParamCount || a.MACs != b.MACs || a.ArenaBytes != b.ArenaBytes {
		t.Errorf("%d parameters, %d multiply-adds and %d bytes, want %d, %d and %d", b.ParamCount, b.MACs, b.ArenaBytes, a.ParamCount, a.MACs, a.ArenaBytes)
	}
	if t.Failed() {
		t.Logf("the file is\n%s", found.Text)
	}
	return again
}

// TestImportRoundTrip exports every network of the standard library under each of
// its policies, and MobileNetV2, and wants what is imported to have the same
// layers, weights and costs.
func TestImportRoundTrip(t *testing.T) {
	for _, file := range []string{"std.json", "mobilenet.json"} {
		for _, row := range rows(t, file) {
			t.Run(fmt.Sprint(row.Model, row.Set), func(t *testing.T) {
				if testing.Short() && row.Params > 1_000_000 {
					t.Skip("a large network")
				}
				path := "std/" + row.Model
				if file == "mobilenet.json" {
					path = referenceDir + row.Model + ".res"
				}
				imports(t, compileAt(t, path, row.Set, row.Shape))
			})
		}
	}
}

// TestImportReads shows what import makes of standard networks.
func TestImportReads(t *testing.T) {
	golden.Run(t, "testdata/import/*.txtar", func(t *golden.Test) {
		p := compileAt(t.T, strings.TrimSpace(t.Input("model")), nil, nil)
		found, err := onnx.Import(exported(t.T, p), p.Name(), nil, "w.safetensors", compileGraph(p.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(t.Section("res"), found.Text)
	})
}

// TestImportOperators imports every operator, oddities, and random networks, and
// wants the same outputs of them as of what was exported.
func TestImportOperators(t *testing.T) {
	sources := slices.Clone(oddities)
	for _, row := range rows(t, "operators.json") {
		sources = append(sources, row.Source)
	}
	for seed := range uint64(100) {
		sources = append(sources, (&writer{Rand: rand.New(rand.NewPCG(seed, 3))}).network())
	}
	compared := 0
	for _, text := range sources {
		p, ds := Compile(dsl.NewSource("m.res", text), Options{})
		if ds.HasErrors() {
			continue // a random network that does not fit
		}
		m := exported(t, p)
		found, err := onnx.Import(m, p.Name(), nil, "w.safetensors", compileGraph(p.Name()))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		again := compileText(t, found.Text)
		checkpoint, err := safetensors.New(found.Weights...)
		if err != nil {
			t.Fatal(err)
		}
		a, b := outputsOf(t, p, fixture.Checkpoint(weightsOf(p))), outputsOf(t, again, checkpoint)
		for i := range a {
			want := make([]float64, len(a[i]))
			for j, v := range a[i] {
				want[j] = float64(v)
			}
			// Averages may be taken in another order.
			if e := reference.Error(b[i], want); !(e <= 1e-6) {
				t.Fatalf("outputs differ by %.2g of\n%s\nand\n%s", e, text, found.Text)
			}
		}
		compared++
	}
	if compared < 100 {
		t.Errorf("only %d networks could be compared", compared)
	}
}

// outputsOf runs a program once on the deterministic input.
func outputsOf(t *testing.T, p *Program, weights *safetensors.File) [][]float32 {
	t.Helper()
	network, err := p.Load(weights)
	if err != nil {
		t.Fatal(err)
	}
	s := network.NewSession()
	defer s.Close()
	c, h, w := p.Input()
	var outputs [][]float32
	for i := range p.Outputs() {
		outputs = append(outputs, make([]float32, product(network.OutputShape(i, h, w))))
	}
	if err := s.Run(context.Background(), fixture.Fill(fixture.InputName, []int{1, c, h, w}), h, w, outputs); err != nil {
		t.Fatal(err)
	}
	return outputs
}

// importFile imports a file and compares its outputs with PyTorch's.
func importFile(t *testing.T, path string) *Imported {
	t.Helper()
	found, err := ImportONNX(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { found.Close() })
	text, err := os.ReadFile(strings.TrimSuffix(strings.TrimSuffix(path, ".onnx"), "_bn") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Shape  []int
		Output []float64
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	p := compileText(t, found.Source)
	checkpoint, err := safetensors.New(found.Weights...)
	if err != nil {
		t.Fatal(err)
	}
	network, err := p.Load(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	s := network.NewSession()
	defer s.Close()
	input := fixture.Fill(fixture.InputName, want.Shape)
	in, out := len(input)/want.Shape[0], len(want.Output)/want.Shape[0]
	var got []float32
	for i := range want.Shape[0] {
		one := make([]float32, out)
		if err := s.Run(context.Background(), input[i*in:(i+1)*in], want.Shape[2], want.Shape[3], [][]float32{one}); err != nil {
			t.Fatal(err)
		}
		got = append(got, one...)
	}
	e := reference.Error(got, want.Output)
	if !(e <= 1e-4) {
		t.Errorf("PyTorch differs by %.2g of the largest", e)
	}
	t.Logf("PyTorch differs by %.2g of the largest\n%s", e, found.Source)
	return found
}

// TestImportPyTorch imports what PyTorch exports of a small network, with batch
// norm folded and kept, and compares the files and the outputs.
func TestImportPyTorch(t *testing.T) {
	paths, err := filepath.Glob("testdata/import/*.onnx")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no models: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			found := importFile(t, path)
			want := strings.TrimSuffix(path, ".onnx") + ".res"
			if golden.Update() {
				if err := os.WriteFile(want, []byte(found.Source), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if found.Source != string(text) {
				t.Errorf("the file is\n%s\nand should be\n%s", found.Source, text)
			}
		})
	}
}

// TestImportTorchvision does the same for torchvision's networks, whose exports
// internal/reference/onnx_models.py writes into a folder that RESC_EXPORTS names.
func TestImportTorchvision(t *testing.T) {
	folder := os.Getenv("RESC_EXPORTS")
	if folder == "" {
		t.Skip("RESC_EXPORTS names no folder of internal/reference/onnx_models.py's")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.onnx"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no models: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) { importFile(t, path) })
	}
}

// TestImportRefuses names the nodes that the language cannot say.
func TestImportRefuses(t *testing.T) {
	value := func(name string, dims ...int64) format.Value {
		v := format.Value{Name: name, DType: safetensors.F32}
		for _, d := range dims {
			v.Shape = append(v.Shape, format.Dim{Size: d})
		}
		return v
	}
	filter := func(name string, shape ...int) *format.Tensor {
		t := safetensors.FromFloat32(name, shape, make([]float32, product(shape)))
		return &t
	}
	base := func(nodes ...*format.Node) *format.Model {
		return &format.Model{Opset: 14, Graph: format.Graph{
			Nodes:        nodes,
			Initializers: []*format.Tensor{filter("w", 4, 3, 3, 3), filter("long", 4, 3, 3), filter("m", 5, 2)},
			Inputs:       []format.Value{value("x", 1, 3, 8, 8)},
			Outputs:      []format.Value{value("y")},
		}}
	}
	one := func(op string, inputs []string, attributes ...format.Attribute) *format.Model {
		return base(&format.Node{Name: "n", Op: op, Inputs: inputs, Outputs: []string{"y"}, Attributes: attributes})
	}
	two := one("Softmax", []string{"x"})
	two.Graph.Nodes = append(two.Graph.Nodes, &format.Node{Name: "o", Op: "LSTM", Inputs: []string{"x"}, Outputs: []string{"z"}})
	two.Graph.Outputs = append(two.Graph.Outputs, value("z"))
	inputs := one("Relu", []string{"x"})
	inputs.Graph.Inputs = append(inputs.Graph.Inputs, value("x2", 1))
	open := one("Relu", []string{"x"})
	open.Graph.Inputs[0].Shape[2] = format.Dim{Name: "height"}
	for name, test := range map[string]struct {
		model   *format.Model
		want    string
		refused bool
	}{
		"no operator":  {one("Softmax", []string{"x"}), "n (Softmax): the language has no such operator", true},
		"every one":    {two, "2 of its nodes", true},
		"domain":       {base(&format.Node{Name: "n", Op: "Relu", Domain: "com.example", Inputs: []string{"x"}, Outputs: []string{"y"}}), "operators of com.example", true},
		"strides":      {one("Conv", []string{"x", "w"}, format.Ints("strides", 1, 2)), "strides is [1 2]", true},
		"three sides":  {one("Conv", []string{"x", "long"}), "four dimensions", true},
		"computed":     {one("Conv", []string{"x", "x"}), "must be a constant", true},
		"no input":     {one("Relu", nil), "input 0 is missing", true},
		"unknown":      {one("Relu", []string{"nothing"}), "nothing makes its input nothing", true},
		"channels":     {one("Conv", []string{"x", "w"}, format.Int("group", 3)), "does not fit 3 channels", true},
		"huge padding": {one("Conv", []string{"x", "w"}, format.Ints("pads", 1<<40, 0, 0, 0)), "must be 0 to 1024", true},
		"clip":         {one("Clip", []string{"x"}, format.Float("min", -1), format.Float("max", 1)), "clips to -1..1", true},
		"reflect":      {one("Pad", []string{"x"}, format.Attribute{Name: "mode", Kind: format.StringKind, Text: "reflect"}), "pads by reflect", true},
		"matrix":       {one("Gemm", []string{"x", "m"}), "no matrix over a flattened image", true},
		"alpha":        {one("Gemm", []string{"x", "m"}, format.Float("alpha", 2)), "alpha is 2", true},
		"slice":        {one("Slice", []string{"x"}, format.Ints("starts", 1), format.Ints("ends", 4)), "takes a part", true},
		"average":      {one("ReduceMean", []string{"x"}, format.Ints("axes", 1)), "the axes [1]", true},
		"flattened":    {one("Flatten", []string{"x"}), "only linear flattens", true},
		"half":         {one("HardSigmoid", []string{"x"}, format.Float("alpha", 1./6)), "stands for nothing by itself", true},
		"loop": {base(&format.Node{Name: "a", Op: "Relu", Inputs: []string{"y"}, Outputs: []string{"b"}},
			&format.Node{Name: "c", Op: "Relu", Inputs: []string{"b"}, Outputs: []string{"y"}}), "depends on itself", false},
		"twice made": {base(&format.Node{Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}},
			&format.Node{Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}}), "two nodes make", false},
		"two inputs": {inputs, "2 inputs", false},
		"open":       {open, "--shape", false},
		"not made":   {base(), "not computed", false},
	} {
		_, err := importONNX(test.model, "m.onnx", nil)
		var refused *onnx.Refused
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, &refused) != test.refused {
			t.Errorf("%s: error %v; want %q", name, err, test.want)
		}
	}
	if _, err := importONNX(open, "m.onnx", []int{3, 8, 8}); err != nil {
		t.Errorf("with a shape: %v", err)
	}
}

// FuzzImport wants no panic of files that parse, and a file that compiles of those
// that can be said.
func FuzzImport(f *testing.F) {
	for _, path := range []string{"testdata/import/tiny.onnx", "testdata/import/tiny_bn.onnx"} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := format.Parse(bytes.Clone(data))
		if err != nil || len(m.Graph.Nodes) > 100 {
			return
		}
		onnx.Import(m, "m", []int{3, 16, 16}, "w", compileGraph("m"))
	})
}

// TestImportNameless takes the names from PyTorch's exports, as old exporters and
// optimisers do, and wants what is made of the structure alone.
func TestImportNameless(t *testing.T) {
	for _, name := range []string{"tiny", "tiny_bn"} {
		f, err := format.Open("testdata/import/" + name + ".onnx")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		short := map[string]string{}
		for i, w := range f.Graph.Initializers {
			short[w.Name] = fmt.Sprint(i + 100)
			w.Name = short[w.Name]
		}
		for i, n := range f.Graph.Nodes {
			n.Name = fmt.Sprintf("%s_%d", n.Op, i)
			for j, x := range n.Inputs {
				if s, ok := short[x]; ok {
					n.Inputs[j] = s
				}
			}
		}
		found, err := importONNX(f.Model, name+".onnx", nil)
		if err != nil {
			t.Fatal(err)
		}
		path := "testdata/import/" + name + "_nameless.res"
		if golden.Update() {
			if err := os.WriteFile(path, []byte(found.Source), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if found.Source != string(want) {
			t.Errorf("the file is\n%s\nand should be\n%s", found.Source, want)
		}
	}
}
