package compiler

import (
	"fmt"
	"strings"

	"github.com/resc-lang/resc/internal/onnx"
)

// onnxText is a model as text, without its initialisers' values.
func onnxText(m *onnx.Model) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, ir %d, opset %d\n", m.Producer, m.ProducerVersion, m.IRVersion, m.Opset)
	for _, p := range m.Metadata {
		fmt.Fprintf(&b, "%s: %s\n", p.Key, p.Value)
	}
	for _, v := range m.Graph.Inputs {
		fmt.Fprintf(&b, "input %s\n", valueText(v))
	}
	for _, t := range m.Graph.Initializers {
		fmt.Fprintf(&b, "%s %s%v\n", t.Name, t.DType, t.Shape)
	}
	for _, n := range m.Graph.Nodes {
		fmt.Fprintf(&b, "%s: %s = %s(%s)", n.Name, strings.Join(n.Outputs, ", "), n.Op, strings.Join(n.Inputs, ", "))
		for _, a := range n.Attributes {
			fmt.Fprintf(&b, " %s", attributeText(a))
		}
		b.WriteByte('\n')
	}
	for _, v := range m.Graph.Outputs {
		fmt.Fprintf(&b, "output %s\n", valueText(v))
	}
	return b.String()
}

// valueText is a value with its type.
func valueText(v onnx.Value) string {
	var dims []string
	for _, d := range v.Shape {
		if d.Name != "" {
			dims = append(dims, d.Name)
		} else {
			dims = append(dims, fmt.Sprint(d.Size))
		}
	}
	return fmt.Sprintf("%s %s[%s]", v.Name, v.DType, strings.Join(dims, " "))
}

// attributeText is an attribute as "name=value". A tensor of a few integers shows
// them.
func attributeText(a onnx.Attribute) string {
	switch a.Kind {
	case onnx.FloatKind:
		return fmt.Sprintf("%s=%g", a.Name, a.Float)
	case onnx.IntKind:
		return fmt.Sprintf("%s=%d", a.Name, a.Int)
	case onnx.StringKind:
		return fmt.Sprintf("%s=%q", a.Name, a.Text)
	case onnx.FloatsKind:
		return fmt.Sprintf("%s=%v", a.Name, a.Floats)
	case onnx.IntsKind:
		return fmt.Sprintf("%s=%v", a.Name, a.Ints)
	case onnx.TensorKind:
		if v, err := onnx.Integers(a.Tensor, 16); err == nil {
			return fmt.Sprintf("%s=%v", a.Name, v)
		}
		return fmt.Sprintf("%s=%s%v", a.Name, a.Tensor.DType, a.Tensor.Shape)
	}
	return fmt.Sprintf("%s of kind %d", a.Name, a.Kind)
}
