package compiler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/fixture/ort"
	"github.com/resc-lang/resc/internal/fixture/reference"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// exportTo writes a program with made-up weights as ONNX.
func exportTo(t *testing.T, p *Program, path string) {
	t.Helper()
	if err := atomicfile.Write(path, func(w io.Writer) error {
		return p.WriteONNX(w, fixture.Checkpoint(weightsOf(p)), "v0.0.0")
	}); err != nil {
		t.Fatal(err)
	}
}

// compareWithORT exports a program and compares ONNX Runtime's outputs with ours,
// for each of these numbers of images.
func compareWithORT(t *testing.T, r *ort.Runtime, p *Program, source string, batches ...int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.onnx")
	exportTo(t, p, path)
	compareFileWithORT(t, r, p, path, fixture.Checkpoint(weightsOf(p)), source, batches...)
}

// compareFileWithORT compares a model's outputs in ONNX Runtime with a program's.
func compareFileWithORT(t *testing.T, r *ort.Runtime, p *Program, path string, weights *safetensors.File, source string, batches ...int) {
	t.Helper()
	network, err := p.Load(weights)
	if err != nil {
		t.Fatal(err)
	}
	s := network.NewSession()
	defer s.Close()
	c, h, w := p.Input()
	for _, batch := range batches {
		shape := []int{batch, c, h, w}
		input := fixture.Fill(fixture.InputName, shape)
		outputs, err := r.Run(path, input, shape)
		if err != nil {
			t.Fatalf("%v\n%s", err, source)
		}
		if len(outputs) != p.Outputs() {
			t.Fatalf("%d outputs, want %d", len(outputs), p.Outputs())
		}
		got := make([][]float32, p.Outputs())
		for i := range batch {
			one := make([][]float32, p.Outputs())
			for o := range one {
				one[o] = make([]float32, product(network.OutputShape(o, h, w)))
			}
			if err := s.Run(context.Background(), input[i*c*h*w:(i+1)*c*h*w], h, w, one); err != nil {
				t.Fatal(err)
			}
			for o := range one {
				got[o] = append(got[o], one[o]...)
			}
		}
		for o, want := range outputs {
			if name := p.Report().Outputs[o].Name; want.Name != name {
				t.Errorf("output %d is called %s, want %s", o, want.Name, name)
			}
			if dims := append([]int{batch}, network.OutputShape(o, h, w)...); !slices.Equal(want.Dims, dims) {
				t.Errorf("output %s is %v, want %v\n%s", want.Name, want.Dims, dims, source)
			}
			exact := make([]float64, len(want.Values))
			for i, v := range want.Values {
				exact[i] = float64(v)
			}
			if e := reference.Error(got[o], exact); !(e <= 1e-4) {
				t.Errorf("output %s: ONNX Runtime differs by %.2g of the largest\n%s", want.Name, e, source)
			}
		}
	}
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// rows reads the models of a file of references.
func rows(t *testing.T, file string) (all []struct {
	Name, Source, Model string
	Set                 map[string]string
	Shape               []int
	Params              int64
}) {
	t.Helper()
	text, err := os.ReadFile(referenceDir + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil || len(all) == 0 {
		t.Fatalf("%s: %d references: %v", file, len(all), err)
	}
	return all
}

// TestExportedNetworks compares every network of the standard library, under
// each of its policies, and MobileNetV2 in ONNX Runtime with ours, one image and
// three.
func TestExportedNetworks(t *testing.T) {
	r := ort.Start(t)
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
				p := compileAt(t, path, row.Set, row.Shape)
				compareWithORT(t, r, p, "", 1, 3)
			})
		}
	}
}

func compileAt(t *testing.T, path string, set map[string]string, shape []int) *Program {
	t.Helper()
	src, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	p, ds := Compile(src, Options{Set: set, Shape: shape})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	return p
}

// TestExportedOperators does the same for every operator, and for random
// networks.
func TestExportedOperators(t *testing.T) {
	r := ort.Start(t)
	var sources []string
	for _, row := range rows(t, "operators.json") {
		sources = append(sources, row.Source)
	}
	for seed := range uint64(150) {
		sources = append(sources, (&writer{Rand: rand.New(rand.NewPCG(seed, 2))}).network())
	}
	compared := 0
	for i, text := range append(sources, oddities...) {
		p, ds := Compile(dsl.NewSource("m.res", text), Options{})
		if ds.HasErrors() { // a random network that does not fit
			if i >= len(sources) {
				t.Fatalf("%v\n%s", ds[0], text)
			}
			continue
		}
		compared++
		compareWithORT(t, r, p, text, 1+i%3)
		if t.Failed() {
			return
		}
	}
	if compared < 200 {
		t.Errorf("only %d networks could be compared", compared)
	}
}

// oddities are what the references and random networks leave out: vectors that
// become images again, several outputs, an input that is an output, ranges,
// windows that overhang, and an addition that is flat on one side.
var oddities = []string{`model vectors {
    input image [3, 8, 8]
    a: linear 8 -> relu
    bn_a: bn
    pad 12 -> conv1: conv 1x1, 6, bias
    b: linear 6 -> scale_b: scale
    + conv1
    sigmoid
}
`, `model outputs {
    input image [3, 9, 7]
    conv1: conv 3x3, 8 -> bn -> relu as act
    subsample /2 -> pad 10, both
    output all = image
    output act
    output again = act
    output conv1
}
`, `model ranged {
    input image [3, 20..50 by 3, 30..40]
    conv1: conv 3x3, 8, /2 -> bn -> relu
    maxpool 3x3, /2, ceil
    avgpool 3x3, /2, ceil
    output features = conv1
    avgpool 2x2, /2, pad 0:1, ceil
    as last
    output last
}
`, `model square {
    input image [3, 20..50 by 10, 20..50 by 10] square
    avgpool 3x3, /2, pad 1, ceil, exclude-pad
    conv1: conv 3x3, 8, dilation 2
    avgpool 3x3, /3, pad (0, 2, 1, 0), ceil
    maxpool 2x2, /3, pad 0:1, ceil as y
    output x = image
    output y
}
`, `model ceilings {
    input image [4, 12, 13]
    avgpool 3x3, /2, pad 1, ceil -> scale1: scale
    maxpool 2x2, /2, pad 1, ceil
    avgpool 3x2, /2, pad (1, 0, 0, 1), ceil -> relu6
    & (conv1: conv 1x3, 4, pad (0, 0, 2, 0) -> silu)
    avgpool /2, ceil
}
`}

// TestExportIsONNX has the reference implementation check exported files. It is
// skipped where RESC_PYTHON names no Python with the package onnx.
func TestExportIsONNX(t *testing.T) {
	python := os.Getenv("RESC_PYTHON")
	if python == "" {
		t.Skip("RESC_PYTHON names no Python with the package onnx")
	}
	if out, err := exec.Command(python, "-c", "import onnx").CombinedOutput(); err != nil {
		t.Skipf("%s has no package onnx: %s", python, out)
	}
	dir := t.TempDir()
	var args []string
	add := func(p *Program) {
		path := filepath.Join(dir, fmt.Sprintf("%d.onnx", len(args)))
		exportTo(t, p, path)
		args = append(args, path)
	}
	for _, model := range []string{"std/cifar_resnet", "std/preact_resnet18", "std/seresnet50", "std/resnet50d", referenceDir + "mobilenet_v2.res"} {
		add(compileAt(t, model, nil, nil))
	}
	for _, row := range rows(t, "operators.json") {
		add(compileText(t, row.Source))
	}
	for _, text := range oddities {
		add(compileText(t, text))
	}
	check := "import onnx, sys\nfor f in sys.argv[1:]: onnx.checker.check_model(onnx.load(f), full_check=True)"
	if out, err := exec.Command(python, append([]string{"-c", check}, args...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, bytes.TrimSpace(out))
	}
}

func compileText(t *testing.T, text string) *Program {
	t.Helper()
	p, ds := Compile(dsl.NewSource("m.res", text), Options{})
	if ds.HasErrors() {
		t.Fatalf("%v\n%s", ds[0], text)
	}
	return p
}
