package compiler

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/fixture/reference"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// emittedCase is a network and the package that is emitted for it.
type emittedCase struct {
	reference.Network
	name    string // of the package
	program *Program
}

// outputs is the length of the network's output for one image.
func (c emittedCase) outputs() int { return c.program.model.Graph.Outputs[0].Node.Shape.Dims()[0] }

// TestEmittedPackages compiles an emitted package for each network of which there may be
// a reference into one program outside of this module and runs it: it allocates nothing,
// and its outputs are the bits of the schedule run in memory, and PyTorch's where the
// reference is there. Short tests build them all and run the small ones.
func TestEmittedPackages(t *testing.T) {
	var cases []emittedCase
	for _, n := range reference.Networks {
		name := "net" + strings.ReplaceAll(n.Name, "-", "_")
		cases = append(cases, emittedCase{n, name, compileNetwork(t, n)})
	}
	dir := t.TempDir()
	binary := buildEmitted(t, dir, cases)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && !c.IsSmall() {
				t.Skip("a whole network of ImageNet's size is not for a short test")
			}
			got, inMemory := runEmitted(t, dir, binary, c)
			if !slices.Equal(got, inMemory) {
				t.Error("the emitted package and the schedule run in memory give other bits")
			}
			if want := c.Find(t); want != nil {
				if e := reference.Error(got, want.Output); !(e <= 1e-4) {
					t.Errorf("PyTorch's outputs differ by %.2g of the largest", e)
				}
			}
		})
	}
}

// buildEmitted writes a module with a package a case and a main program, and
// builds it without cgo.
func buildEmitted(t *testing.T, dir string, cases []emittedCase) string {
	t.Helper()
	write := newModule(t, dir)
	var main bytes.Buffer
	fmt.Fprint(&main, emittedHead)
	for _, c := range cases {
		fmt.Fprintf(&main, "\t%q\n", "example.com/emitted/"+c.name)
	}
	fmt.Fprint(&main, ")\n\nfunc main() {\n\tswitch os.Args[1] {\n")
	for _, c := range cases {
		files, err := c.program.Emit(c.name, "v0.0.0")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			write(c.name+"/"+f.Name, f.Data)
		}
		calls := 3
		if c.IsSmall() {
			calls = 10
		}
		in := c.Shape
		fmt.Fprintf(&main, emittedCaseText, c.name, in[0], in[1]*in[2]*in[3], c.outputs(), calls)
	}
	fmt.Fprint(&main, emittedTail)
	write("main.go", main.Bytes())
	counter, err := os.ReadFile("../internal/allocs/allocs.go")
	if err != nil {
		t.Fatal(err)
	}
	write("allocs/allocs.go", counter)
	binary := filepath.Join(dir, "emitted")
	goTool(t, dir, "vet", "./...")
	goTool(t, dir, "build", "-o", binary, ".")
	return binary
}

// goTool runs the go command in a module, without cgo.
func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", args[0], err, out)
	}
}

// newModule begins a module outside of this one that requires what this one
// does, so that nothing has to be looked up, and returns what writes its files.
func newModule(t *testing.T, dir string) (write func(name string, data []byte)) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	write = func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	// The same requirements, so that nothing has to be looked up.
	text := strings.Replace(string(mod), "module github.com/resc-lang/resc", "module example.com/emitted", 1)
	text += "\nrequire github.com/resc-lang/resc v0.0.0\n\nreplace github.com/resc-lang/resc => " + root + "\n"
	write("go.mod", []byte(text))
	write("go.sum", sums)
	return write
}

// TestEmittedOddities compiles packages of models whose names collide with Go's
// and with emitted code's own, and whose graphs are of unusual forms.
func TestEmittedOddities(t *testing.T) {
	models := map[string]string{
		"names": `model names(shortcut = A) {
    input t [3, 8, 8]
    func: conv 3x3, 8 -> bn_func: bn -> relu
    stage weights = 2 x unit(8)
    stage arena = 1 x unit(8)
    stage init = 1 x unit(8)
    kernel: conv 1x1, 4 -> relu
    runtime.type: conv 1x1, 4
    output err = func
    output ctx = weights
    output s = runtime.type
}

block unit(width) {
    Conv1: conv 3x3, width
    conv1: conv 3x3, width
    + shortcut
}
`,
		"same": `model same {
    input image [3, 8, 8]
    relu as a
    output first = image
    output second = a
    output third = a
}
`,
		"plain":  "model plain {\n    input image [3, 8, 8]\n    relu\n}\n",
		"vector": "model vector {\n    input x [4, 1, 1]\n    fc1: linear 3 -> relu -> fc2: linear 2\n}\n",
		"square": `model square(shortcut = D) {
    input image [3, 16..64 by 8, 16..64 by 8] square
    conv1: conv 3x3, 8, /2 -> bn -> relu
    stage layer1 = 3 x basic(16), /2
    avgpool /2, ceil
    & (avgpool 3x3)
    output map = layer1
    output pooled = conv1
}

shortcut D {
    same: identity
    else: downsample: (avgpool /stride, ceil, exclude-pad -> conv 1x1, out -> bn)
}
`,
		// Parts, weights and the caller's arguments by names that emitted code uses, or
		// that are each other's; documents that look like build constraints.
		"collide": `// +build ignore
model collide {
    input stem [3, 8, 8]
    load: unit(8)
    a1: unit(8)
    a1Weights: unit(4)
    layer1.386: unit(4)
    stage layer2 = 1 x unit(4)
    layer2Block0: unit(4)
    stage s = 2 x unit(4)
    stage a = 1 x unit(4)
    stage t = 1 x unit(4)
    stage err = 1 x unit(4)
    stage layer3 = 2 x unit(4)
    stage batch = 2 x unit(4)
    output layer3
    output batch
    output newSizes = layer2
    output input = layer3
    output arena = s
    output fmt = a
    output load
}

block unit(width) {
    load: conv 3x3, width
    + shortcut(B)
}
`,
		"nested": `model nested(body = outer) {
    input image [16, 8, 8]
    features.0: body(16)
    features.1: body(16)
    x: body(8)
}

block outer(width) {
    inner: unit(width)
    other: unit(width, act = silu)
}

block unit(width, act = relu) {
    conv1: conv 3x3, width -> act
    + shortcut(B)
}
`,
	}
	dir := t.TempDir()
	write := newModule(t, dir)
	for name, text := range models {
		p, ds := Compile(dsl.NewSource(name+".res", text), Options{})
		if ds.HasErrors() {
			t.Errorf("%s: %v", name, ds[0].Error())
			continue
		}
		files, err := p.Emit(name, "v0.0.0")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, f := range files {
			write(name+"/"+f.Name, f.Data)
		}
	}
	// An output named as its stage.
	src, err := Load("std/resnet18")
	if err != nil {
		t.Fatal(err)
	}
	p, ds := Compile(src, Options{Outputs: []Output{{Name: "layer2", Value: "layer2"}}})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	files, err := p.Emit("features", "v0.0.0")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		write("features/"+f.Name, f.Data)
	}
	goTool(t, dir, "vet", "./...")
}

const emittedHead = `package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"example.com/emitted/allocs"
	"github.com/resc-lang/resc/runtime"
`

// emittedCaseText opens a package's model, runs a batch, and writes the
// outputs. Neither Run nor RunBatch
// may allocate.
const emittedCaseText = `	case %[1]q:
		m, err := %[1]s.Open(os.Args[2])
		check(err)
		s := m.NewSession(runtime.Threads(2))
		in := make([][%[3]d]float32, %[2]d)
		out := make([][%[4]d]float32, %[2]d)
		check(binary.Read(os.Stdin, binary.LittleEndian, in))
		check(s.RunBatch(in, out))
		single := new([%[4]d]float32)
		check(s.Run(&in[0], single))
		none, unopened := new(%[1]s.Session), new(%[1]s.Model)
		for _, closed := range []*%[1]s.Session{none, unopened.NewSession(nil)} {
			if err := closed.Run(&in[0], single); err != runtime.ErrClosed {
				panic(fmt.Sprint("a session of a zero value: ", err))
			}
			closed.Close()
		}
		check(unopened.Close())
		if *single != out[0] {
			panic("Run and RunBatch differ")
		}
		check(s.Prepare())
		if n := allocs.Least(%[5]d, func() { check(s.Run(&in[0], single)) }); n != 0 {
			panic(fmt.Sprint(n, " allocations in %[5]d calls of Run"))
		}
		if n := allocs.Least(%[5]d, func() { check(s.RunBatch(in, out)) }); n != 0 {
			panic(fmt.Sprint(n, " allocations in %[5]d calls of RunBatch"))
		}
		write(out)
`

const emittedTail = `	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func write(v any) {
	var w io.Writer = os.Stdout
	check(binary.Write(w, binary.LittleEndian, v))
}
`

// runEmitted runs one package of the program, and its schedule in memory, under the same
// file of deterministic weights.
func runEmitted(t *testing.T, dir, program string, c emittedCase) (got, inMemory []float32) {
	t.Helper()
	path := filepath.Join(dir, "weights.safetensors")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	if err := fixture.Write(f, weightsOf(c.program)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var in, out, stderr bytes.Buffer
	if err := binary.Write(&in, binary.LittleEndian, fixture.Fill(fixture.InputName, c.Shape)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, c.name, path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	got = make([]float32, c.Shape[0]*c.outputs())
	if err := binary.Read(&out, binary.LittleEndian, got); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return got, runOnce(t, c.program, c.Shape, file)
}

// runOnce runs a program in memory, one thread.
func runOnce(t *testing.T, p *Program, shape []int, weights *safetensors.File) []float32 {
	t.Helper()
	network, err := p.Load(weights)
	if err != nil {
		t.Fatal(err)
	}
	s := network.NewSession()
	defer s.Close()
	input := fixture.Fill(fixture.InputName, shape)
	size := len(input) / shape[0]
	var all []float32
	for i := range shape[0] {
		out := make([]float32, network.OutputShape(0, shape[2], shape[3])[0])
		if err := s.Run(context.Background(), input[i*size:(i+1)*size], shape[2], shape[3], [][]float32{out}); err != nil {
			t.Fatal(err)
		}
		all = append(all, out...)
	}
	return all
}
