package compiler

import (
	"io"

	"github.com/resc-lang/resc/compiler/internal/onnx"
	format "github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// WriteONNX writes the program and the weights of a checkpoint as an ONNX model
// that computes the same: a node for each step, named by its path, and an
// initialiser for each weight under its own name, in float32. Its batch is free.
// Weights that Load would refuse are refused. version is resc's.
func (p *Program) WriteONNX(w io.Writer, f *safetensors.File, version string) error {
	if _, err := p.Load(f); err != nil {
		return err
	}
	m, err := onnx.Export(p.model, p.lowered, f, version)
	if err != nil {
		return err
	}
	return format.Write(w, m)
}
