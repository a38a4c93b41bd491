// Package onnx turns graphs into ONNX models and back: Export writes a network
// as it was written, a node for each step under its name; Import finds blocks,
// stages and shortcut policies in somebody's graph and writes them as a .res
// file.
package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	format "github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// What an exported file says it is. Opset 14 is the first with hardswish.
const (
	irVersion = 7
	opset     = 14
)

// Export makes an ONNX model of a network as it was written, which computes the
// same of the same weights. A node's name is its step's path, an initialiser's
// its name in the state dictionary; the batch is free, and sizes that the model
// declares as ranges are symbolic. Layers that no output needs are left out. Every
// other's weights must be in the checkpoint, with the right shape; values are read
// when the model is written.
func Export(m *check.Model, g *ir.Graph, weights *safetensors.File, version string) (*format.Model, error) {
	nodes := live(g)
	e := &exporter{uses: g.Uses(), names: names{}, nodes: names{}, value: map[*ir.Node]string{}, other: map[*ir.Node]string{}}
	e.out = &format.Model{IRVersion: irVersion, Opset: opset, Producer: "resc", ProducerVersion: version, Doc: m.Doc}
	e.out.Graph.Name = g.Name
	if err := e.initializers(nodes, weights); err != nil {
		return nil, err
	}
	e.out.Metadata = metadata(m)
	input := g.Nodes[0]
	e.value[input] = e.names.unique(m.Graph.Input().Path)
	e.out.Graph.Inputs = []format.Value{e.describe(e.value[input], input.Shape, input.Shape)}
	outputs := e.reserve(g)
	for _, n := range nodes[1:] {
		e.node(n)
	}
	e.outputs(g, outputs)
	return e.out, nil
}

// live is the input and the nodes that an output depends on.
func live(g *ir.Graph) []*ir.Node {
	needed := map[*ir.Node]bool{g.Nodes[0]: true}
	for _, o := range g.Outputs {
		needed[o.Node] = true
	}
	for _, n := range slices.Backward(g.Nodes) {
		for _, a := range n.Args {
			needed[a] = needed[a] || needed[n]
		}
	}
	return slices.DeleteFunc(slices.Clone(g.Nodes), func(n *ir.Node) bool { return !needed[n] })
}

// exporter is an export under way.
type exporter struct {
	out   *format.Model
	uses  map[*ir.Node][]*ir.Node
	names names // of values
	nodes names // of nodes

	value map[*ir.Node]string // of a node's value
	other map[*ir.Node]string // of the same with, or without, height and width
}

// names are those that are taken, and how often each was asked for.
type names map[string]int

// unique is a name that nothing has yet.
func (taken names) unique(name string) string {
	for {
		taken[name]++
		n := taken[name]
		if n == 1 {
			return name
		}
		name = fmt.Sprintf("%s_%d", name, n-1)
	}
}

// initializers puts the state dictionary's entries into the model.
func (e *exporter) initializers(nodes []*ir.Node, weights *safetensors.File) error {
	for _, n := range nodes {
		for _, w := range n.Weights() {
			e.names[w.Name]++
			if e.names[w.Name] > 1 {
				continue
			}
			t, ok := weights.Tensor(w.Name)
			if !ok {
				return fmt.Errorf("the weights have no %s", w.Name)
			}
			if t.DType != safetensors.F32 {
				t = single(t)
			}
			e.out.Graph.Initializers = append(e.out.Graph.Initializers, &t)
		}
	}
	return nil
}

// single is a tensor in single precision, as the graph computes.
func single(t format.Tensor) format.Tensor {
	return safetensors.NewTensor(t.Name, safetensors.F32, t.Shape, func() ([]byte, error) {
		values, err := t.Float32()
		return safetensors.Float32Bytes(values), err
	})
}

// reserve gives the values that are outputs their names, as the model has them,
// before any other value takes one.
func (e *exporter) reserve(g *ir.Graph) (names []string) {
	for i, o := range g.Outputs {
		names = append(names, e.names.unique(o.Name))
		if e.value[o.Node] == "" {
			e.value[o.Node] = names[i]
		}
	}
	return names
}

// outputs lists the graph's outputs. One whose value has another name gets a
// node for its own.
func (e *exporter) outputs(g *ir.Graph, names []string) {
	for i, o := range g.Outputs {
		name := names[i]
		if e.value[o.Node] != name {
			e.add("Identity", name, name, []string{e.value[o.Node]})
		}
		e.out.Graph.Outputs = append(e.out.Graph.Outputs, e.describe(name, o.Node.Shape, g.Nodes[0].Shape))
	}
}

// describe is the type of a value, whose varying sizes are the input's or have
// names of their own.
func (e *exporter) describe(name string, s, input shape.Shape) format.Value {
	v := format.Value{Name: name, DType: safetensors.F32, Shape: []format.Dim{{Name: "batch"}, {Size: int64(s.C)}}}
	if s.Flat {
		return v
	}
	for i, d := range []shape.Dim{s.H, s.W} {
		dim := format.Dim{Size: int64(d.Max())}
		if r := d.Range(); r != nil {
			dim = format.Dim{Name: name + "_" + r.Name}
			if of := []shape.Dim{input.H, input.W}[i]; of.Expr() == d.Expr() {
				dim.Name = r.Name
			}
		}
		v.Shape = append(v.Shape, dim)
	}
	return v
}

// add adds a node with one output.
func (e *exporter) add(operator, name, output string, inputs []string, attributes ...format.Attribute) {
	e.out.Graph.Nodes = append(e.out.Graph.Nodes, &format.Node{
		Name: e.nodes.unique(name), Op: operator, Inputs: inputs, Outputs: []string{output}, Attributes: attributes,
	})
}

// step adds a node inside a step, whose value has a name made of the step's.
func (e *exporter) step(operator, name string, inputs []string, attributes ...format.Attribute) (output string) {
	output = e.names.unique(name)
	e.add(operator, output, output, inputs, attributes...)
	return output
}

// constant adds a node that is a tensor.
func (e *exporter) constant(name string, t format.Tensor) string {
	return e.step("Constant", name, nil, format.Constant("value", t))
}

// integers adds a constant of shapes, axes or padding.
func (e *exporter) integers(name string, v ...int64) string {
	return e.constant(name, format.FromIntegers("", v...))
}

// take is the name of a value with height and width, or, flat, without them.
func (e *exporter) take(n *ir.Node, flat bool) string {
	if n.Shape.Flat == flat {
		return e.value[n]
	}
	if name := e.other[n]; name != "" {
		return name
	}
	if flat {
		e.other[n] = e.step("Flatten", e.value[n]+".flat", []string{e.value[n]}, format.Int("axis", 1))
	} else {
		axes := e.integers(e.value[n]+".axes", 2, 3)
		e.other[n] = e.step("Unsqueeze", e.value[n]+".image", []string{e.value[n], axes})
	}
	return e.other[n]
}

// everything is an end beyond every size.
const everything = math.MaxInt64

// epsilon is a batch normalisation's as ONNX holds it.
func epsilon(o op.BatchNorm) format.Attribute { return format.Float("epsilon", float32(o.Epsilon)) }
