package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/compiler/verify"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// ortScript computes a model in Node.js and writes its outputs.
//
//go:embed verify_onnx.mjs
var ortScript []byte

// onnxReference is what ONNX Runtime computed, in files of a folder of its own.
type onnxReference struct {
	dir    string
	values []onnxValue
}

// onnxValue is one value: its name here, its shape with the images, and its file.
type onnxValue struct {
	Name  string // in the ONNX model
	Dims  []int
	File  string
	named string // as the model in .res calls it
}

// openONNX has ONNX Runtime compute every value of a model that ours has too. A nil
// input is made up. That ONNX Runtime is there is made sure of before all else.
func (c *verifyCmd) openONNX(a *app, input *npy.Array) (_ reference, _ *npy.Array, err error) {
	if _, err := os.Stat(c.Reference); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.Reference, bare(err))
	}
	dir, err := os.MkdirTemp("", "resc-verify-")
	if err != nil {
		return nil, nil, err
	}
	r := &onnxReference{dir: dir}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	if err := r.find(a.ctx); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.Reference, err)
	}
	shape, err := parseShape(c.Shape)
	if err != nil {
		return nil, nil, err
	}
	if input != nil {
		if shape, err = c.inputShape(a.ctx, c.Input, input.Shape, shape); err != nil {
			return nil, nil, err
		}
	}
	p, err := c.compileOptions(a, compiler.Options{Set: c.Set, Shape: shape}, false)
	if err != nil {
		return nil, nil, err
	}
	if input == nil {
		channels, h, w := p.Input()
		shape = []int{p.Batch(), channels, h, w}
		input = &npy.Array{Shape: shape, Float32: fixture.Fill(fixture.InputName, shape)}
	}
	names, err := exposeValues(c.Reference, filepath.Join(dir, "model.onnx"), p)
	if err != nil {
		return nil, nil, err
	}
	if err := r.run(a.ctx, input.AsFloat32(), shape); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.Reference, err)
	}
	for i := range r.values {
		r.values[i].named = names[r.values[i].Name]
	}
	return r, input, nil
}

// exposeValues writes an ONNX model anew with those values as outputs that a program
// has too, and returns the program's names for the outputs.
func exposeValues(from, to string, p *compiler.Program) (map[string]string, error) {
	m, err := onnx.Open(from)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	names := onnxNames(m.Model, p)
	g := &m.Graph
	for _, n := range g.Nodes {
		for _, value := range n.Outputs {
			isOutput := slices.ContainsFunc(g.Outputs, func(o onnx.Value) bool { return o.Name == value })
			if names[value] != "" && !isOutput {
				g.Outputs = append(g.Outputs, onnx.Value{Name: value})
			}
		}
	}
	f, err := os.Create(to)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := onnx.Write(f, m.Model); err != nil {
		return nil, err
	}
	return names, f.Close()
}

// onnxNames maps values of an ONNX model to a program's names for them: what a value's
// own name says, or its node's. An output that these do not tell is the program's
// output in the same place, if both have as many.
func onnxNames(m *onnx.Model, p *compiler.Program) map[string]string {
	ours := map[string]compiler.Value{}
	for _, v := range p.Values() {
		ours[v.Name] = v
	}
	names, taken := map[string]string{}, map[string]bool{}
	for _, n := range m.Graph.Nodes {
		if len(n.Outputs) == 0 {
			continue
		}
		v, ok := find(ours, n)
		if !ok {
			continue
		}
		// An exporter has folded batch norm into a convolution that has a bias and
		// should have none.
		if norm, folded := ours[v.Norm]; folded && n.Op == "Conv" && len(n.Inputs) > 2 && !strings.Contains(v.Op, " bias") {
			v = norm
		}
		if !taken[v.Name] {
			taken[v.Name] = true
			names[n.Outputs[0]] = v.Name
		}
	}
	for i, o := range m.Graph.Outputs {
		if names[o.Name] == "" && len(m.Graph.Outputs) == p.Outputs() {
			names[o.Name] = fmt.Sprintf("%s.%d", verify.End, i)
		}
	}
	return names
}

// find is our value for an ONNX node's: of the value's name, or of the node's, if the
// operator is ours too.
func find(ours map[string]compiler.Value, n *onnx.Node) (compiler.Value, bool) {
	for _, name := range []string{n.Outputs[0], again(n.Outputs[0])} {
		if v, ok := ours[name]; ok {
			return v, true
		}
	}
	scope, operator := scopePath(n.Name)
	for _, name := range []string{n.Name, scope, scope + "." + operator} {
		for _, name := range []string{name, again(name)} {
			word, _, _ := strings.Cut(ours[name].Op, " ")
			if slices.Contains(onnxOperators[word], n.Op) {
				return ours[name], true
			}
		}
	}
	return compiler.Value{}, false
}

// onnxOperators are ONNX's operators that end what one of ours computes.
var onnxOperators = map[string][]string{
	"conv": {"Conv"}, "linear": {"Gemm"}, "bn": {"BatchNormalization"}, "add": {"Add"}, "mul": {"Mul"}, "concat": {"Concat"},
	"relu": {"Relu"}, "relu6": {"Clip"}, "sigmoid": {"Sigmoid"}, "silu": {"Mul"}, "hardswish": {"HardSwish", "Mul"},
	"maxpool": {"MaxPool"}, "avgpool": {"AveragePool", "GlobalAveragePool", "ReduceMean"},
}

// scopePath is the path of a module in the name that PyTorch gives to a node of it, and
// the node's own part in lower case: /layer1/layer1.0/conv1/Conv is Conv in
// layer1.0.conv1. A part that begins with the one before it stands for both.
func scopePath(node string) (path, own string) {
	parts := strings.Split(strings.TrimPrefix(node, "/"), "/")
	var scope []string
	for _, part := range parts[:len(parts)-1] {
		if n := len(scope); n > 0 && strings.HasPrefix(part, scope[n-1]+".") {
			scope[n-1] = part
		} else {
			scope = append(scope, part)
		}
	}
	return strings.Join(scope, "."), strings.ToLower(parts[len(parts)-1])
}

// again turns the name of a module's second call, as exporters count, into ours:
// layer1.0.relu_1 is layer1.0.relu#2.
func again(name string) string {
	at := strings.LastIndexByte(name, '_')
	if at < 0 {
		return ""
	}
	n, err := strconv.Atoi(name[at+1:])
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s#%d", name[:at], n+1)
}

// find makes sure that Node.js and ONNX Runtime are there, and puts the script that
// uses them into the folder.
func (r *onnxReference) find(ctx context.Context) error {
	if err := os.WriteFile(filepath.Join(r.dir, script), ortScript, 0o600); err != nil {
		return err
	}
	_, err := r.node(ctx, nil)
	return err
}

// script is the name of the script in the folder.
const script = "run.mjs"

// run computes the model of the folder, an image at a time, so that one exported for
// one image will do.
func (r *onnxReference) run(ctx context.Context, input []float32, shape []int) error {
	if err := os.WriteFile(filepath.Join(r.dir, "input"), safetensors.Float32Bytes(input), 0o600); err != nil {
		return err
	}
	out, err := r.node(ctx, shape)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, &r.values)
}

// node runs the script for images of a shape, or with nil only as far as to load ONNX
// Runtime, and returns what it prints.
func (r *onnxReference) node(ctx context.Context, shape []int) ([]byte, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("ONNX Runtime runs in Node.js here, and there is no node on the path")
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	args, err := json.Marshal(map[string]any{"dir": r.dir, "shape": shape, "modules": []string{os.Getenv("RESC_ORT"), here}})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, node, filepath.Join(r.dir, script), string(args))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime: %s", cmp.Or(strings.TrimSpace(stderr.String()), err.Error()))
	}
	return out, nil
}

// Close removes the files.
func (r *onnxReference) Close() error { return os.RemoveAll(r.dir) }

// Names lists the values by the names of ours.
func (r *onnxReference) Names() []string {
	var names []string
	for _, v := range r.values {
		names = append(names, v.named)
	}
	return names
}

// Read reads a value.
func (r *onnxReference) Read(name string) ([]int, []float64, error) {
	i := slices.IndexFunc(r.values, func(v onnxValue) bool { return v.named == name })
	v := r.values[i]
	data, err := os.ReadFile(filepath.Join(r.dir, v.File))
	if err != nil {
		return nil, nil, err
	}
	n := 1
	for _, d := range v.Dims {
		n *= d
	}
	if 4*n != len(data) {
		return nil, nil, fmt.Errorf("ONNX Runtime's %s has %d bytes, not those of %v", name, len(data), v.Dims)
	}
	t := safetensors.NewTensor(name, safetensors.F32, v.Dims, func() ([]byte, error) { return data, nil })
	values, err := t.Float32()
	if err != nil {
		return nil, nil, err
	}
	array := npy.Array{Float32: values}
	return v.Dims, array.AsFloat64(), nil
}
