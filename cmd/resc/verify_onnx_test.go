package main

import (
	"maps"
	"testing"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/compiler/verify"
	"github.com/resc-lang/resc/internal/onnx"
)

// TestONNXNames maps values of models as resc and PyTorch export them, with batch norm
// folded or not, to the names of ours.
func TestONNXNames(t *testing.T) {
	src, err := compiler.Load("std/cifar_resnet")
	if err != nil {
		t.Fatal(err)
	}
	p, ds := compiler.Compile(src, compiler.Options{Set: map[string]string{"shortcut": "B"}})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	m := &onnx.Model{}
	node := func(name, operator, output string, inputs ...string) {
		m.Graph.Nodes = append(m.Graph.Nodes, &onnx.Node{Name: name, Op: operator, Inputs: inputs, Outputs: []string{output}})
	}
	node("/conv1/Conv", "Conv", "/conv1/Conv_output_0", "x", "w", "b") // folded
	node("/relu/Relu", "Relu", "/relu/Relu_output_0", "")
	node("/layer1/layer1.0/conv1/Conv", "Conv", "v1", "x", "w") // not folded
	node("/layer1/layer1.0/bn1/BatchNormalization", "BatchNormalization", "v2")
	node("/layer1/layer1.0/relu/Constant", "Constant", "v3") // another operator in the module's scope
	node("/layer1/layer1.0/relu/Relu", "Relu", "v4")
	node("/layer1/layer1.0/Add", "Add", "v5")
	node("/layer1/layer1.0/relu_1/Relu", "Relu", "v6")
	node("/layer2/layer2.0/downsample/downsample.0/Conv", "Conv", "v7", "x", "w", "b")
	node("whatever", "Relu", "layer3.0.relu_1") // resc's own name
	node("layer3.1.conv2", "Conv", "v8", "x", "w")
	node("/features/Conv", "Conv", "v9", "x", "w")
	node("/fc/Gemm", "Gemm", "logits")
	node("", "Softmax", "scores")
	m.Graph.Outputs = []onnx.Value{{Name: "scores"}}
	want := map[string]string{
		"/conv1/Conv_output_0": "bn1", "/relu/Relu_output_0": "relu",
		"v1": "layer1.0.conv1", "v2": "layer1.0.bn1", "v4": "layer1.0.relu", "v5": "layer1.0.add", "v6": "layer1.0.relu#2",
		"v7": "layer2.0.downsample.1", "layer3.0.relu_1": "layer3.0.relu#2", "v8": "layer3.1.conv2", "logits": "fc", "scores": verify.End + ".0",
	}
	if got := onnxNames(m, p); !maps.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	m.Graph.Outputs = append(m.Graph.Outputs, onnx.Value{Name: "v1"})
	delete(want, "scores")
	if got := onnxNames(m, p); !maps.Equal(got, want) {
		t.Errorf("with two outputs: %v\nwant %v", got, want)
	}
}
