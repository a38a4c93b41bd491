package compiler

import (
	"fmt"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/exec"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/compiler/internal/shape"
)

// Report is what a network is made of and what it costs. Sizes are in elements
// and bytes of float32; where the input's size varies, they are those of the
// largest. Costs are of one image.
type Report struct {
	Model  string        `json:"model"`
	Doc    string        `json:"doc,omitempty"`
	Params []ReportParam `json:"parameters,omitempty"`
	Input  ReportValue   `json:"input"`

	Outputs []ReportValue `json:"outputs"`
	// Trainable parameters, as PyTorch counts them.
	ParamCount int64 `json:"params"`
	// Multiply-adds of convolutions and linear layers.
	MACs int64 `json:"macs"`
	// ActivationBytes is the sum over the values of all layers;  ArenaBytes is
	// what a session allocates for them, which take turns.
	ActivationBytes int64 `json:"activation_bytes"`
	ArenaBytes      int64 `json:"arena_bytes"`
	// WeightBytes is the memory that packed weights occupy on this processor's
	// tier of kernels, under the memory choice Memory; CheckpointBytes the size
	// of the state dictionary's entries in float32.
	WeightBytes     int64  `json:"weight_bytes"`
	CheckpointBytes int64  `json:"checkpoint_bytes"`
	Memory          Memory `json:"memory"`

	Weights   []ReportWeight    `json:"weights"`
	Layers    []ReportLayer     `json:"layers"`
	Published []ReportPublished `json:"published,omitempty"`
}

// ReportParam is a parameter of the model and its value.
type ReportParam struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ReportValue is an input or output. Its shape begins with the batch.
type ReportValue struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	// Range is the shape with the sizes it may have, where they vary.
	Range string `json:"range,omitempty"`
	// Stride of a feature map is the distance of neighbours in pixels of the input.
	Stride int `json:"stride,omitempty"`
}

// ReportWeight is an entry of the state dictionary.
type ReportWeight struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	DType string `json:"dtype"`
}

// ReportLayer is a step of the network as it was written.
type ReportLayer struct {
	Name        string `json:"name"`
	Op          string `json:"op"`
	Attributes  string `json:"attributes,omitempty"`
	InputShape  []int  `json:"input_shape"`
	OutputShape []int  `json:"output_shape"`
	Params      int64  `json:"params"`
	MACs        int64  `json:"macs"`
	Source      string `json:"source"`
	// FusedInto is the layer whose kernel computes this one too.
	FusedInto string `json:"fused_into,omitempty"`
	Kernel    string `json:"kernel,omitempty"`
	// Algorithm is how a convolution is computed with AVX-512, and AlgorithmX2 that of
	// processors with two multipliers for it, where it is another.
	Algorithm   string `json:"algorithm,omitempty"`
	AlgorithmX2 string `json:"algorithm_avx512x2,omitempty"`
	// ReceptiveField is the side, in pixels of the input, of what one value of
	// the output can depend on (Araujo, Norris and Sim 2019), zero where that
	// is the whole image; Stride the distance between neighbours, zero where
	// there are none.
	ReceptiveField int `json:"receptive_field,omitempty"`
	Stride         int `json:"stride,omitempty"`
}

// ReportPublished is a result printed elsewhere for these parameters.
type ReportPublished struct {
	Metric string `json:"metric"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Report describes the program.
func (p *Program) Report() *Report {
	m := p.model
	r := &Report{
		Model: m.Name, Doc: m.Doc,
		Input:      value(m.Graph.Input().Path, m.Batch, m.Graph.Input().Shape),
		ParamCount: p.Params(), MACs: p.MACs(),
		ArenaBytes:  p.schedule.ArenaBytes(),
		WeightBytes: exec.PackedBytes(p.schedule), Memory: p.Memory(),
	}
	r.Params = p.Parameters()
	for i, stride := range p.strides() {
		o := value(m.Graph.Outputs[i].Name, m.Batch, m.Graph.Outputs[i].Node.Shape)
		o.Stride = stride
		r.Outputs = append(r.Outputs, o)
	}
	for _, w := range p.Weights() {
		r.Weights = append(r.Weights, ReportWeight{w.Name, w.Shape, "f32"})
		r.CheckpointBytes += 4 * op.Weight{Shape: w.Shape}.Elements()
	}
	for _, x := range m.Published {
		r.Published = append(r.Published, ReportPublished(x))
	}
	p.layers(r)
	return r
}

// layers adds a row for each step.
func (p *Program) layers(r *Report) {
	calls, fused := map[int]*plan.Call{}, map[int]string{}
	for _, c := range p.schedule.Calls {
		if c.IsTransfer() {
			continue
		}
		calls[c.Node.ID] = c
		for _, a := range c.Node.Absorbed {
			fused[a.ID] = c.Node.Path
		}
	}
	fields := p.written.Fields()
	for _, n := range p.written.Nodes[1:] {
		r.ActivationBytes += 4 * n.Shape.Elements()
		l := ReportLayer{
			Name: n.Path, Op: n.Op.Name(), Attributes: n.Op.String(),
			InputShape:  batched(p.model.Batch, n.Args[0].Shape),
			OutputShape: batched(p.model.Batch, n.Shape),
			Params:      n.Params(), MACs: n.MACs(), Source: n.Source.String(),
			FusedInto:      fused[n.ID],
			ReceptiveField: fields[n].Size, Stride: fields[n].Stride,
		}
		if c := calls[n.ID]; c != nil {
			l.Kernel, l.Algorithm = plan.TypeName(c.Kernel), c.Algorithm("avx512")
			if x2 := c.Algorithm("avx512x2"); x2 != l.Algorithm {
				l.AlgorithmX2 = x2
			}
		}
		r.Layers = append(r.Layers, l)
	}
}

// value is a named shape with its batch.
func value(name string, batch int, s shape.Shape) ReportValue {
	v := ReportValue{Name: name, Shape: batched(batch, s)}
	if !s.IsConst() {
		v.Range = s.String()
	}
	return v
}

func batched(batch int, s shape.Shape) []int { return append([]int{batch}, s.Dims()...) }

// Dims is a shape as reports write it: 1x3x224x224.
func Dims(shape []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", "x"), "[]")
}
