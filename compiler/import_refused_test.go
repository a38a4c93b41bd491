package compiler

import (
	"strings"
	"testing"

	"github.com/resc-lang/resc/compiler/internal/onnx"
	"github.com/resc-lang/resc/internal/fixture"
	format "github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// TestImportRefusesLookalikes wants errors, not other networks, of graphs that look like what
// the language says and mean something else.
func TestImportRefusesLookalikes(t *testing.T) {
	floats := func(name string, shape ...int) *format.Tensor {
		tensor := safetensors.FromFloat32(name, shape, fixture.Fill(name, shape))
		return &tensor
	}
	integers := func(name string, v ...int64) *format.Tensor {
		tensor := format.FromIntegers(name, v...)
		return &tensor
	}
	node := func(op, inputs, output string, attributes ...format.Attribute) *format.Node {
		return &format.Node{Op: op, Inputs: strings.Split(inputs, " "), Outputs: []string{output}, Attributes: attributes}
	}
	norm := []*format.Tensor{floats("b.weight", 8), floats("b.bias", 8), floats("b.running_mean", 8), floats("b.running_var", 8)}
	for name, test := range map[string]struct {
		constants []*format.Tensor
		nodes     []*format.Node
		want      string
	}{
		"nothing": {nil, []*format.Node{node("Identity", "img", "o")}, "no layers"},
		"a factor for each column": {[]*format.Tensor{floats("k", 8), floats("b", 8)},
			[]*format.Node{node("Mul", "img k", "h"), node("Add", "h b", "o")}, "one value for each channel"},
		"a factor for each row": {[]*format.Tensor{floats("k", 1, 1, 8, 1), floats("b", 1, 8, 1, 1)},
			[]*format.Node{node("Mul", "img k", "h"), node("Add", "h b", "o")}, "one value for each channel"},
		"a column reshaped": {[]*format.Tensor{floats("k", 8), integers("to", 1, 1, 1, -1), floats("b", 8, 1, 1)},
			[]*format.Node{node("Reshape", "k to", "r"), node("Mul", "img r", "h"), node("Add", "h b", "o")}, "one value for each channel"},
		"half of the logits": {[]*format.Tensor{floats("fc.weight", 10, 8), integers("from", 0), integers("to", 5), integers("axis", -1)},
			[]*format.Node{node("GlobalAveragePool", "img", "g"), node("Flatten", "g", "f"), node("Gemm", "f fc.weight", "y", format.Int("transB", 1)), node("Slice", "y from to axis", "o")}, "it takes a part"},
		"a vector times an image": {nil,
			[]*format.Node{node("GlobalAveragePool", "img", "g"), node("Flatten", "g", "f"), node("Mul", "img f", "o")}, "a vector and an image"},
		"a vector plus an image": {nil,
			[]*format.Node{node("GlobalAveragePool", "img", "g"), node("Flatten", "g", "f"), node("Add", "g f", "o")}, "a vector and an image"},
		"training": {norm, []*format.Node{node("BatchNormalization", "img b.weight b.bias b.running_mean b.running_var", "o", format.Int("training_mode", 1))}, "as in training"},
		"other axes padded": {[]*format.Tensor{integers("p", 0, 0, 1, 0, 0, 0, 0, 0), integers("axes", 0, 1, 3, 2)},
			[]*format.Node{node("Pad", "img p  axes", "o")}, "pads the axes"},
		"half an operator": {[]*format.Tensor{floats("k", 8, 1, 1)},
			[]*format.Node{node("Mul", "img k", "h"), node("HardSigmoid", "h", "o", format.Float("alpha", 1./6))}, "stands for nothing by itself"},
		"no input":       {[]*format.Tensor{integers("axes", 0)}, []*format.Node{node("Unsqueeze", " axes", "o")}, "missing"},
		"an empty shape": {[]*format.Tensor{integers("e"), integers("axes", 0)}, []*format.Node{node("Shape", "img", "s"), node("Gather", "s e", "g"), node("Unsqueeze", "g axes", "o")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := &format.Model{Producer: "hand", IRVersion: 8, Opset: 18}
			m.Graph.Inputs = []format.Value{{Name: "img", DType: safetensors.F32, Shape: []format.Dim{{Name: "N"}, {Size: 8}, {Size: 8}, {Size: 8}}}}
			m.Graph.Outputs = []format.Value{{Name: "o"}}
			m.Graph.Initializers, m.Graph.Nodes = test.constants, test.nodes
			found, err := onnx.Import(m, "m", nil, "w.safetensors", compileGraph("m"))
			if err == nil {
				t.Fatalf("imported:\n%s", found.Text)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want %q", err, test.want)
			}
		})
	}
}
