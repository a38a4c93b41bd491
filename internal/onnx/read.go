package onnx

import (
	"errors"
	"fmt"
)

// Parse reads a model that lies in memory, and keeps data. Values that it keeps
// in files of their own are refused.
func Parse(data []byte) (*Model, error) { return parse(data, nil) }

// parse reads a model; external gives the values that lie outside of it.
func parse(data []byte, external *external) (*Model, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("onnx: the file has %d bytes, and at most %d are possible", len(data), maxFile)
	}
	r := &reader{external: external}
	m := &Model{}
	if err := r.model(data, m); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	if err := r.external.check(); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return m, nil
}

// reader turns messages into structures. The numbers of fields are those of
// onnx.proto3.
type reader struct {
	decoder
	external *external
}

func (r *reader) model(data []byte, m *Model) error {
	hasGraph := false
	err := r.fields(data, func(x field) (err error) {
		switch x.num {
		case 1:
			m.IRVersion, err = x.integer()
		case 2:
			m.Producer, err = r.name(x)
		case 3:
			m.ProducerVersion, err = r.name(x)
		case 6:
			m.Doc, err = r.text(x, maxText)
		case 7:
			if hasGraph {
				return errors.New("it has two graphs")
			}
			hasGraph = true
			if data, err = x.message(); err == nil {
				err = r.graph(data, &m.Graph)
			}
		case 8:
			err = r.opset(x, m)
		case 14:
			var p Property
			if p, err = r.property(x, maxText); err == nil {
				m.Metadata = append(m.Metadata, p)
			}
		case 25:
			err = errors.New("it has functions of its own, which are not read: export it with them inlined")
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case !hasGraph:
		return errors.New("it has no graph")
	case m.Opset == 0:
		return errors.New("it does not say which version of the operators it uses")
	}
	return nil
}

func (r *reader) opset(x field, m *Model) error {
	data, err := x.message()
	if err != nil {
		return err
	}
	domain, version := "", int64(0)
	err = r.fields(data, func(x field) (err error) {
		switch x.num {
		case 1:
			domain, err = r.name(x)
		case 2:
			version, err = x.integer()
		}
		return err
	})
	if domain == "" || domain == "ai.onnx" {
		m.Opset = version
	}
	return err
}

func (r *reader) property(x field, limit int) (p Property, err error) {
	data, err := x.message()
	if err != nil {
		return p, err
	}
	return p, r.fields(data, func(x field) (err error) {
		switch x.num {
		case 1:
			p.Key, err = r.name(x)
		case 2:
			p.Value, err = r.text(x, limit)
		}
		return err
	})
}

func (r *reader) graph(data []byte, g *Graph) error {
	names := map[string]bool{}
	return r.fields(data, func(x field) error {
		switch x.num {
		case 1, 5, 11, 12, 15:
		case 2:
			name, err := r.name(x)
			g.Name = name
			return err
		default:
			return nil
		}
		data, err := x.message()
		if err != nil {
			return err
		}
		switch x.num {
		case 1:
			n := &Node{}
			if err := r.node(data, n); err != nil {
				return fmt.Errorf("node %q (%s): %w", n.Name, n.Op, err)
			}
			g.Nodes = append(g.Nodes, n)
		case 5:
			t, err := r.tensor(data)
			if err != nil {
				return err
			}
			if t.Name == "" || names[t.Name] {
				return fmt.Errorf("initialiser %q comes twice, or has no name", t.Name)
			}
			names[t.Name] = true
			g.Initializers = append(g.Initializers, t)
		case 11, 12:
			v, err := r.value(data)
			if err != nil {
				return fmt.Errorf("value %q: %w", v.Name, err)
			}
			if x.num == 11 {
				g.Inputs = append(g.Inputs, v)
			} else {
				g.Outputs = append(g.Outputs, v)
			}
		case 15:
			return errors.New("it has sparse initialisers, which are not read")
		}
		return nil
	})
}

func (r *reader) node(data []byte, n *Node) error {
	return r.fields(data, func(x field) (err error) {
		var s string
		switch x.num {
		case 1, 2:
			if s, err = r.name(x); x.num == 1 {
				n.Inputs = append(n.Inputs, s)
			} else {
				n.Outputs = append(n.Outputs, s)
			}
		case 3:
			n.Name, err = r.name(x)
		case 4:
			n.Op, err = r.name(x)
		case 5:
			var a Attribute
			if a, err = r.attribute(x); err == nil {
				n.Attributes = append(n.Attributes, a)
			}
		case 7:
			n.Domain, err = r.name(x)
		}
		return err
	})
}

func (r *reader) attribute(x field) (a Attribute, err error) {
	data, err := x.message()
	if err != nil {
		return a, err
	}
	err = r.fields(data, func(x field) (err error) {
		switch x.num {
		case 1:
			a.Name, err = r.name(x)
		case 2:
			var v []float32
			if v, err = r.floats(x, nil); len(v) > 0 {
				a.Float = v[0]
			}
		case 3:
			a.Int, err = x.integer()
		case 4:
			a.Text, err = r.text(x, maxText)
		case 5:
			var data []byte
			if data, err = x.message(); err == nil {
				a.Tensor, err = r.tensor(data)
			}
		case 7:
			a.Floats, err = r.floats(x, a.Floats)
		case 8:
			a.Ints, err = r.integers(x, a.Ints)
		case 9:
			var s string
			s, err = r.text(x, maxText)
			a.Strings = append(a.Strings, s)
		case 20:
			var kind int64
			kind, err = x.integer()
			a.Kind = Kind(kind)
		}
		return err
	})
	if err == nil && a.Kind == TensorKind && a.Tensor == nil {
		err = errors.New("a tensor is missing")
	}
	if err != nil {
		return a, fmt.Errorf("attribute %q: %w", a.Name, err)
	}
	return a, nil
}

// value reads a graph's input or output. Types other than tensors keep none.
func (r *reader) value(data []byte) (v Value, err error) {
	inside := func(x field, f func(field) error) error {
		data, err := x.message()
		if err != nil {
			return err
		}
		return r.fields(data, f)
	}
	tensor := func(x field) (err error) {
		switch x.num {
		case 1:
			var number int64
			if number, err = x.integer(); err == nil {
				v.DType = elementTypes[uint64(number)]
			}
		case 2:
			v.Shape = []Dim{}
			err = inside(x, func(x field) error {
				var d Dim
				err := inside(x, func(x field) (err error) {
					switch x.num {
					case 1:
						d.Size, err = x.integer()
					case 2:
						d.Name, err = r.name(x)
					}
					return err
				})
				if v.Shape = append(v.Shape, d); err == nil && len(v.Shape) > maxRank {
					err = fmt.Errorf("it has more than %d dimensions", maxRank)
				}
				return err
			})
		}
		return err
	}
	return v, r.fields(data, func(x field) (err error) {
		switch x.num {
		case 1:
			v.Name, err = r.name(x)
		case 2:
			err = inside(x, func(x field) error {
				if x.num != 1 {
					return nil
				}
				return inside(x, tensor)
			})
		}
		return err
	})
}
