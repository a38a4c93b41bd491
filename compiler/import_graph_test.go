package compiler

import (
	"fmt"
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
	norm := []*format.Tensor{madeUpTensor("b.weight", 8), madeUpTensor("b.bias", 8), madeUpTensor("b.running_mean", 8), madeUpTensor("b.running_var", 8)}
	for name, test := range map[string]struct {
		constants []*format.Tensor
		nodes     []*format.Node
		want      string
	}{
		"nothing": {nil, []*format.Node{onnxNode("Identity", "img", "o")}, "no layers"},
		"a factor for each column": {[]*format.Tensor{madeUpTensor("k", 8), madeUpTensor("b", 8)},
			[]*format.Node{onnxNode("Mul", "img k", "h"), onnxNode("Add", "h b", "o")}, "one value for each channel"},
		"a factor for each row": {[]*format.Tensor{madeUpTensor("k", 1, 1, 8, 1), madeUpTensor("b", 1, 8, 1, 1)},
			[]*format.Node{onnxNode("Mul", "img k", "h"), onnxNode("Add", "h b", "o")}, "one value for each channel"},
		"a column reshaped": {[]*format.Tensor{madeUpTensor("k", 8), integerTensor("to", 1, 1, 1, -1), madeUpTensor("b", 8, 1, 1)},
			[]*format.Node{onnxNode("Reshape", "k to", "r"), onnxNode("Mul", "img r", "h"), onnxNode("Add", "h b", "o")}, "one value for each channel"},
		"half of the logits": {[]*format.Tensor{madeUpTensor("fc.weight", 10, 8), integerTensor("from", 0), integerTensor("to", 5), integerTensor("axis", -1)},
			[]*format.Node{onnxNode("GlobalAveragePool", "img", "g"), onnxNode("Flatten", "g", "f"), onnxNode("Gemm", "f fc.weight", "y", format.Int("transB", 1)), onnxNode("Slice", "y from to axis", "o")}, "it takes a part"},
		"a vector times an image": {nil,
			[]*format.Node{onnxNode("GlobalAveragePool", "img", "g"), onnxNode("Flatten", "g", "f"), onnxNode("Mul", "img f", "o")}, "a vector and an image"},
		"a vector plus an image": {nil,
			[]*format.Node{onnxNode("GlobalAveragePool", "img", "g"), onnxNode("Flatten", "g", "f"), onnxNode("Add", "g f", "o")}, "a vector and an image"},
		"training": {norm, []*format.Node{onnxNode("BatchNormalization", "img b.weight b.bias b.running_mean b.running_var", "o", format.Int("training_mode", 1))}, "as in training"},
		"other axes padded": {[]*format.Tensor{integerTensor("p", 0, 0, 1, 0, 0, 0, 0, 0), integerTensor("axes", 0, 1, 3, 2)},
			[]*format.Node{onnxNode("Pad", "img p  axes", "o")}, "pads the axes"},
		"half an operator": {[]*format.Tensor{madeUpTensor("k", 8, 1, 1)},
			[]*format.Node{onnxNode("Mul", "img k", "h"), onnxNode("HardSigmoid", "h", "o", format.Float("alpha", 1./6))}, "stands for nothing by itself"},
		"no input":       {[]*format.Tensor{integerTensor("axes", 0)}, []*format.Node{onnxNode("Unsqueeze", " axes", "o")}, "missing"},
		"an empty shape": {[]*format.Tensor{integerTensor("e"), integerTensor("axes", 0)}, []*format.Node{onnxNode("Shape", "img", "s"), onnxNode("Gather", "s e", "g"), onnxNode("Unsqueeze", "g axes", "o")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := onnx.Import(onnxModel(test.constants, test.nodes), "m", nil, "w.safetensors", compileGraph("m"))
			if err == nil {
				t.Fatalf("imported:\n%s", found.Text)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want %q", err, test.want)
			}
		})
	}
}

// TestImportNames wants networks imported whose layers' names are alike, or those that
// the importer gives. Import itself compares what it writes with the network.
func TestImportNames(t *testing.T) {
	for name, layers := range map[string][]string{
		"groups with equal labels":  {"stem.conv1", "stem.conv2", "head.conv1", "head.conv2"},
		"sequences":                 {"a.0", "a.1", "b.0", "b.1"},
		"as values are named":       {"act2", "v3", "act4"},
		"as the input":              {"img", "conv1"},
		"as the input's other name": {"img", "img_in"},
	} {
		t.Run(name, func(t *testing.T) {
			var weights []*format.Tensor
			var nodes []*format.Node
			at := "img"
			for i, layer := range layers {
				sum := fmt.Sprint("sum", i)
				if i == len(layers)-1 {
					sum = "o"
				}
				weights = append(weights, madeUpTensor(layer+".weight", 8, 8, 3, 3))
				nodes = append(nodes, onnxNode("Conv", at+" "+layer+".weight", sum+".c", format.Ints("pads", 1, 1, 1, 1)),
					onnxNode("Relu", sum+".c", sum+".r"), onnxNode("Mul", sum+".r "+sum+".c", sum))
				at = sum
			}
			if _, err := onnx.Import(onnxModel(weights, nodes), "m", nil, "w.safetensors", compileGraph("m")); err != nil {
				t.Error(err)
			}
		})
	}
}

func madeUpTensor(name string, shape ...int) *format.Tensor {
	t := safetensors.FromFloat32(name, shape, fixture.Fill(name, shape))
	return &t
}

func integerTensor(name string, v ...int64) *format.Tensor {
	t := format.FromIntegers(name, v...)
	return &t
}

// onnxNode is a node with inputs separated by spaces.
func onnxNode(op, inputs, output string, attributes ...format.Attribute) *format.Node {
	return &format.Node{Op: op, Inputs: strings.Split(inputs, " "), Outputs: []string{output}, Attributes: attributes}
}

// onnxModel is a model of an image img of [8, 8, 8] and an output o.
func onnxModel(constants []*format.Tensor, nodes []*format.Node) *format.Model {
	m := &format.Model{Producer: "hand", IRVersion: 8, Opset: 18}
	m.Graph.Inputs = []format.Value{{Name: "img", DType: safetensors.F32, Shape: []format.Dim{{Name: "N"}, {Size: 8}, {Size: 8}, {Size: 8}}}}
	m.Graph.Outputs = []format.Value{{Name: "o"}}
	m.Graph.Initializers, m.Graph.Nodes = constants, nodes
	return m
}
