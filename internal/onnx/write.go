package onnx

import (
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// Write writes a model. The same model gives the same bytes, and one tensor's
// values are in memory at a time. A file of more than 2 GiB, which protocol
// buffers cannot hold, is an error before anything is written.
func Write(w io.Writer, m *Model) error {
	var head, tail message
	g := &m.Graph
	for _, n := range g.Nodes {
		if err := head.node(n); err != nil {
			return err
		}
	}
	head.text(2, g.Name)
	for _, v := range g.Inputs {
		tail.bytes(11, value(v))
	}
	for _, v := range g.Outputs {
		tail.bytes(12, value(v))
	}
	size := uint64(len(head) + len(tail))
	heads := make([]message, len(g.Initializers))
	for i, t := range g.Initializers {
		inner, values, err := tensor(t)
		if err != nil {
			return err
		}
		heads[i] = heads[i].tag(5, uint64(len(inner))+values)
		heads[i] = append(heads[i], inner...)
		size += uint64(len(heads[i])) + values
	}
	var file message
	file.number(1, m.IRVersion)
	file.text(2, m.Producer)
	file.text(3, m.ProducerVersion)
	file.text(6, m.Doc)
	var opset message
	opset.number(2, m.Opset)
	file.bytes(8, opset)
	for _, p := range m.Metadata {
		var entry message
		entry.text(1, p.Key)
		entry.text(2, p.Value)
		file.bytes(14, entry)
	}
	file = file.tag(7, size)
	if size+uint64(len(file)) > maxFile {
		return fmt.Errorf("onnx: the model takes %d bytes, but an ONNX file, a protocol buffer, holds at most %d (2 GiB)", size+uint64(len(file)), maxFile)
	}
	return m.write(w, append(file, head...), heads, tail)
}

// write writes the parts, with each initialiser's values behind its head.
func (m *Model) write(w io.Writer, first message, heads []message, last message) error {
	if _, err := w.Write(first); err != nil {
		return err
	}
	for i, t := range m.Graph.Initializers {
		if _, err := w.Write(heads[i]); err != nil {
			return err
		}
		data, err := t.Bytes()
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	_, err := w.Write(last)
	return err
}

// message is a protocol buffer in the making. Empty texts and zeros that are
// their field's default are left out.
type message []byte

// tag begins a field of so many bytes.
func (b message) tag(num protowire.Number, length uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.BytesType), length)
}

func (b *message) bytes(num protowire.Number, data []byte) {
	*b = append(b.tag(num, uint64(len(data))), data...)
}

func (b *message) text(num protowire.Number, s string) {
	if s != "" {
		b.bytes(num, []byte(s))
	}
}

func (b *message) number(num protowire.Number, v int64) {
	*b = protowire.AppendVarint(protowire.AppendTag(*b, num, protowire.VarintType), uint64(v))
}

func (b *message) node(n *Node) error {
	var x message
	for _, s := range n.Inputs {
		x.bytes(1, []byte(s)) // an empty name is an input that is not there
	}
	for _, s := range n.Outputs {
		x.bytes(2, []byte(s))
	}
	x.text(3, n.Name)
	x.text(4, n.Op)
	for _, a := range n.Attributes {
		inner, err := attribute(a)
		if err != nil {
			return fmt.Errorf("onnx: node %q: attribute %q: %w", n.Name, a.Name, err)
		}
		x.bytes(5, inner)
	}
	x.text(7, n.Domain)
	b.bytes(1, x)
	return nil
}

func attribute(a Attribute) (message, error) {
	var x message
	x.text(1, a.Name)
	switch a.Kind {
	case FloatKind:
		x = protowire.AppendFixed32(protowire.AppendTag(x, 2, protowire.Fixed32Type), math.Float32bits(a.Float))
	case IntKind:
		x.number(3, a.Int)
	case StringKind:
		x.bytes(4, []byte(a.Text))
	case TensorKind:
		inner, _, err := tensor(a.Tensor)
		if err != nil {
			return nil, err
		}
		data, err := a.Tensor.Bytes()
		if err != nil {
			return nil, err
		}
		x.bytes(5, append(inner, data...))
	case IntsKind:
		var packed message
		for _, v := range a.Ints {
			packed = protowire.AppendVarint(packed, uint64(v))
		}
		x.bytes(8, packed)
	default:
		return nil, fmt.Errorf("attributes of kind %d are not written", a.Kind)
	}
	x.number(20, int64(a.Kind))
	return x, nil
}

// tensor is a tensor's message up to its values, and how many bytes these take.
func tensor(t *Tensor) (x message, size uint64, err error) {
	number := elementNumber(t.DType)
	if number == 0 {
		return nil, 0, fmt.Errorf("onnx: tensor %q: elements of type %s are not written", t.Name, t.DType)
	}
	size = uint64(elementBytes(t.DType))
	var dims message
	for _, d := range t.Shape {
		dims = protowire.AppendVarint(dims, uint64(d))
		size *= uint64(d)
	}
	if len(dims) > 0 {
		x.bytes(1, dims)
	}
	x.number(2, int64(number))
	x.text(8, t.Name)
	return x.tag(9, size), size, nil
}

// value leaves out what the value does not say.
func value(v Value) message {
	var shape, tensor, typ, x message
	x.text(1, v.Name)
	if v.DType == "" {
		return x
	}
	for _, d := range v.Shape {
		var dim message
		if d.Name != "" {
			dim.text(2, d.Name)
		} else {
			dim.number(1, d.Size)
		}
		shape.bytes(1, dim)
	}
	tensor.number(1, int64(elementNumber(v.DType)))
	if v.Shape != nil {
		tensor.bytes(2, shape)
	}
	typ.bytes(1, tensor)
	x.bytes(2, typ)
	return x
}

// Scalar makes a tensor of one number.
func Scalar(name string, v float32) Tensor {
	return safetensors.FromFloat32(name, nil, []float32{v})
}
