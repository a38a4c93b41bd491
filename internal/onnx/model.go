// Package onnx reads and writes the part of ONNX files that a convolutional
// network needs: one graph of nodes, attributes, initialisers and values. It is
// the format alone; what the operators mean is for others.
//
// Files come from anywhere: everything that is made of a file is bounded by its
// length, and the number of its parts by maxParts. Initialisers stay where they
// lie in the file until they are asked for.
package onnx

import (
	"fmt"
	"slices"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// Model is a file's model.
type Model struct {
	IRVersion       int64
	Opset           int64 // of the default domain
	Producer        string
	ProducerVersion string
	Doc             string
	Metadata        []Property // in the file's order
	Graph           Graph
}

// Property is an entry of a model's metadata.
type Property struct{ Key, Value string }

// Property returns an entry of the metadata.
func (m *Model) Property(key string) (value string, ok bool) {
	i := slices.IndexFunc(m.Metadata, func(p Property) bool { return p.Key == key })
	if i < 0 {
		return "", false
	}
	return m.Metadata[i].Value, true
}

// Graph is a network: its nodes in topological order, as the format demands and
// readers of a graph must not rely on.
type Graph struct {
	Name         string
	Nodes        []*Node
	Initializers []*Tensor
	Inputs       []Value // of files of IR version 3 and older, the initialisers too
	Outputs      []Value
}

// Tensor is a named tensor whose bytes, little-endian and row-major, are fetched
// when they are asked for.
type Tensor = safetensors.Tensor

// Node is an operator applied to values, which have names. An empty name is an
// optional input, or output, that is not there.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string
	Attributes       []Attribute
}

// Attribute returns a node's attribute of that name, or nil.
func (n *Node) Attribute(name string) *Attribute {
	for i := range n.Attributes {
		if n.Attributes[i].Name == name {
			return &n.Attributes[i]
		}
	}
	return nil
}

// Kind says which field of an attribute holds its value, by ONNX's numbers.
type Kind int64

// The kinds of attributes that are read. Others keep their kind and no value.
const (
	FloatKind   Kind = 1
	IntKind     Kind = 2
	StringKind  Kind = 3
	TensorKind  Kind = 4
	GraphKind   Kind = 5 // of control flow: not read
	FloatsKind  Kind = 6
	IntsKind    Kind = 7
	StringsKind Kind = 8
)

// Attribute is a constant argument of a node.
type Attribute struct {
	Name    string
	Kind    Kind
	Float   float32
	Int     int64
	Text    string
	Tensor  *Tensor
	Floats  []float32
	Ints    []int64
	Strings []string
}

// Float makes an attribute.
func Float(name string, v float32) Attribute {
	return Attribute{Name: name, Kind: FloatKind, Float: v}
}

// Int makes an attribute.
func Int(name string, v int64) Attribute { return Attribute{Name: name, Kind: IntKind, Int: v} }

// Ints makes an attribute.
func Ints(name string, v ...int64) Attribute { return Attribute{Name: name, Kind: IntsKind, Ints: v} }

// Constant makes an attribute that is a tensor.
func Constant(name string, t Tensor) Attribute {
	return Attribute{Name: name, Kind: TensorKind, Tensor: &t}
}

// Value is an input or output of the graph.
type Value struct {
	Name  string
	DType safetensors.DType // "" where the file does not say
	Shape []Dim             // nil where the file does not say
}

// Dim is one size of a value: a number, a name for a size that varies, or, with
// neither, unknown.
type Dim struct {
	Size int64
	Name string
}

// elementTypes are ONNX's numbers of element types, as safetensors names them.
var elementTypes = map[uint64]safetensors.DType{
	1: safetensors.F32, 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: I64, 9: "BOOL",
	10: safetensors.F16, 11: safetensors.F64, 12: "U32", 13: "U64", 16: safetensors.BF16,
}

// I64 is the type of shapes, axes and padding.
const I64 safetensors.DType = "I64"

// elementType is a number's element type, or an error that names it.
func elementType(number uint64) (safetensors.DType, error) {
	if t, ok := elementTypes[number]; ok {
		return t, nil
	}
	if number == 8 {
		return "", fmt.Errorf("its elements are strings")
	}
	return "", fmt.Errorf("its element type is number %d, which is not read", number)
}

// elementNumber is ONNX's number of an element type, or 0.
func elementNumber(t safetensors.DType) uint64 {
	for number, have := range elementTypes {
		if have == t {
			return number
		}
	}
	return 0
}
