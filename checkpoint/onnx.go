package checkpoint

import (
	"fmt"

	"github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// isONNX knows a protocol buffer that begins with ONNX's version, as writers in
// the order of fields make it. A safetensors file, which may begin with the same
// byte, has a brace behind its first number.
func isONNX(head []byte) bool {
	return len(head) > 8 && head[0] == 1<<3 && head[8] != '{'
}

// openONNX opens the initialisers of a model. Those that hold no real numbers, such
// as shapes, are extras.
func openONNX(path string) (*File, error) {
	model, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	file := &File{Format: "ONNX"}
	var tensors []safetensors.Tensor
	for _, t := range model.Graph.Initializers {
		if t.DType.Convertible() {
			tensors = append(tensors, *t)
		} else {
			file.Extras = append(file.Extras, Extra{t.Name, fmt.Sprintf("%s%s", t.DType, dims(t.Shape))})
		}
	}
	if len(tensors) == 0 {
		model.Close()
		return nil, fmt.Errorf("%s: the model has no weights", path)
	}
	if file.File, err = safetensors.New(tensors...); err != nil {
		model.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file.OnClose(model.Close)
	return file, nil
}
