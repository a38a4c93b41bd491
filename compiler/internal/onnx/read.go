package onnx

import (
	"fmt"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	format "github.com/resc-lang/resc/internal/onnx"
)

// maxNodes bounds what is imported: the compiler takes as many steps.
const maxNodes = 20_000

// reader makes the language's operators of ONNX's.
type reader struct {
	file    *format.Model
	input   *node
	values  map[string]value
	refused []refusal
}

// value is what a name of the graph stands for: a network's value, a tensor, or
// sizes that were computed from shapes.
type value struct {
	node     *node
	flat     bool // without height and width
	constant *format.Tensor
	sizes    []int64 // anyBatch stands for the size of the batch
}

// anyBatch is the size of a batch among computed sizes.
const anyBatch = -2

// read translates a model whose input has the given height and width. Every node
// that cannot be said is named in one error.
func read(m *format.Model, in shape.Shape) (*net, error) {
	r := &reader{file: m, values: map[string]value{}}
	for _, t := range m.Graph.Initializers {
		r.values[t.Name] = value{constant: t}
	}
	input, err := inputOf(m)
	if err != nil {
		return nil, err
	}
	r.input = &node{op: op.Input{Shape: in}, shape: in, source: input.Name, path: input.Name}
	r.values[input.Name] = value{node: r.input}
	if len(m.Graph.Nodes) > maxNodes*4 {
		return nil, fmt.Errorf("it has %d nodes, and at most %d are possible", len(m.Graph.Nodes), maxNodes*4)
	}
	nodes, err := ordered(m)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		r.node(n)
	}
	return r.finish()
}

// inputOf is the model's one input that is no initialiser.
func inputOf(m *format.Model) (format.Value, error) {
	var inputs []format.Value
	for _, v := range m.Graph.Inputs {
		if !slices.ContainsFunc(m.Graph.Initializers, func(t *format.Tensor) bool { return t.Name == v.Name }) {
			inputs = append(inputs, v)
		}
	}
	if len(inputs) != 1 {
		return format.Value{}, fmt.Errorf("it has %d inputs, and a .res model has one", len(inputs))
	}
	return inputs[0], nil
}

// ordered is the nodes that the outputs depend on, each behind what it reads.
func ordered(m *format.Model) ([]*format.Node, error) {
	maker := map[string]*format.Node{}
	for _, n := range m.Graph.Nodes {
		for _, o := range n.Outputs {
			if o != "" && maker[o] != nil {
				return nil, fmt.Errorf("two nodes make the value %s", o)
			}
			maker[o] = n
		}
	}
	var list []*format.Node
	state := map[*format.Node]int{}
	var visit func(name string) error
	visit = func(name string) error {
		n := maker[name]
		if n == nil || name == "" || state[n] == 2 {
			return nil
		}
		if state[n] == 1 {
			return fmt.Errorf("node %s depends on itself", sourceOf(n))
		}
		state[n] = 1
		for _, i := range n.Inputs {
			if err := visit(i); err != nil {
				return err
			}
		}
		state[n] = 2
		list = append(list, n)
		return nil
	}
	for _, o := range m.Graph.Outputs {
		if err := visit(o.Name); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// sourceOf names a node in messages.
func sourceOf(n *format.Node) string {
	name := n.Name
	if name == "" && len(n.Outputs) > 0 {
		name = n.Outputs[0]
	}
	return fmt.Sprintf("%s (%s)", name, n.Op)
}

// finish makes the network of what was read.
func (r *reader) finish() (*net, error) {
	if len(r.refused) > 0 {
		return nil, &Refused{r.refused}
	}
	g := &net{input: r.input}
	for _, o := range r.file.Graph.Outputs {
		v, ok := r.values[o.Name]
		if !ok || v.node == nil {
			return nil, fmt.Errorf("output %s is not computed from the input", o.Name)
		}
		if v.flat && !v.node.shape.Flat && pixels(v.node) != 1 {
			return nil, &Refused{[]refusal{{o.Name, "an output is flattened, and only linear flattens"}}}
		}
		g.outputs = append(g.outputs, output{o.Name, v.node})
	}
	if len(g.outputs) == 0 {
		return nil, fmt.Errorf("it has no outputs")
	}
	if err := g.prune(); err != nil {
		return nil, err
	}
	for _, n := range g.nodes {
		if n.half() {
			r.refused = append(r.refused, refusal{n.source, "it stands for nothing by itself"})
		}
	}
	if len(r.refused) > 0 {
		return nil, &Refused{r.refused}
	}
	if len(g.nodes) > maxNodes {
		return nil, fmt.Errorf("it has %d nodes, and at most %d are possible", len(g.nodes), maxNodes)
	}
	return g, nil
}

func pixels(n *node) int { return n.shape.H.Int() * n.shape.W.Int() }

// node translates one node, or notes why it cannot be said.
func (r *reader) node(n *format.Node) {
	if n.Domain != "" && n.Domain != "ai.onnx" {
		r.refuse(n, fmt.Errorf("operators of %s are not known", n.Domain))
		return
	}
	for _, name := range n.Inputs {
		if _, ok := r.values[name]; name != "" && !ok {
			if len(r.refused) == 0 {
				r.refuse(n, fmt.Errorf("nothing makes its input %s", name))
			}
			return // what it is made of was refused already
		}
	}
	translate, ok := translations[n.Op]
	if !ok {
		r.refuse(n, fmt.Errorf("the language has no such operator"))
		return
	}
	v, err := translate(r, n)
	if err == nil && len(n.Outputs) == 0 {
		err = fmt.Errorf("it has no output")
	}
	if err != nil {
		r.refuse(n, err)
		return
	}
	r.values[n.Outputs[0]] = v
}

func (r *reader) refuse(n *format.Node, err error) {
	r.refused = append(r.refused, refusal{sourceOf(n), err.Error()})
}

// apply makes a node of an operator.
func (r *reader) apply(n *format.Node, o op.Op, in ...*node) (*node, error) {
	made := &node{op: o, in: in, source: sourceOf(n), path: pathOf(n)}
	var shapes []shape.Shape
	for _, a := range in {
		if a.half() {
			return nil, fmt.Errorf("it reads %s, which stands for nothing by itself", a.source)
		}
		shapes = append(shapes, a.shape)
	}
	var err error
	made.shape, err = o.Infer(shapes)
	return made, err
}

// arg is the i-th input, as a value of the network.
func (r *reader) arg(n *format.Node, i int) (value, error) {
	if i >= len(n.Inputs) || n.Inputs[i] == "" {
		return value{}, fmt.Errorf("its input %d is missing", i)
	}
	v := r.values[n.Inputs[i]]
	if v.node == nil {
		return value{}, fmt.Errorf("its input %s is a constant", n.Inputs[i])
	}
	return v, nil
}

// tensor is the i-th input, as a constant; nil where there is none.
func (r *reader) tensor(n *format.Node, i int) (*format.Tensor, error) {
	if i >= len(n.Inputs) || n.Inputs[i] == "" {
		return nil, nil
	}
	t := r.values[n.Inputs[i]].constant
	if t == nil {
		return nil, fmt.Errorf("its input %s is computed, and must be a constant", n.Inputs[i])
	}
	return t, nil
}

// maxIntegers bounds constants that are shapes, axes or padding.
const maxIntegers = 64

// integers is a list of numbers: an attribute, or in newer versions an input. nil
// where there is none.
func (r *reader) integers(n *format.Node, attribute string, input int) ([]int64, error) {
	if a := n.Attribute(attribute); a != nil {
		if a.Kind == format.IntKind {
			return []int64{a.Int}, nil
		}
		if len(a.Ints) > maxIntegers {
			return nil, fmt.Errorf("%s has %d numbers", attribute, len(a.Ints))
		}
		return a.Ints, nil
	}
	if input < len(n.Inputs) {
		if v := r.values[n.Inputs[input]]; v.sizes != nil {
			return v.sizes, nil
		}
	}
	t, err := r.tensor(n, input)
	if t == nil || err != nil {
		return nil, err
	}
	return format.Integers(t, maxIntegers)
}

// integer is an attribute that is one number.
func integer(n *format.Node, attribute string, otherwise int64) int64 {
	if a := n.Attribute(attribute); a != nil {
		return a.Int
	}
	return otherwise
}

// number is an attribute, or in newer versions an input, that is one float.
func (r *reader) number(n *format.Node, attribute string, input int, otherwise float32) (float32, error) {
	if a := n.Attribute(attribute); a != nil {
		return a.Float, nil
	}
	t, err := r.tensor(n, input)
	if t == nil || err != nil {
		return otherwise, err
	}
	v, err := t.Float32()
	if err == nil && len(v) != 1 {
		err = fmt.Errorf("its input %s has %d values, and one is wanted", n.Inputs[input], len(v))
	}
	if err != nil {
		return 0, err
	}
	return v[0], nil
}
