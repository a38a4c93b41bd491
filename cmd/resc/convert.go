package main

import (
	"io"

	"github.com/resc-lang/resc/checkpoint"
	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/runtime/safetensors"
)

type convertCmd struct {
	File   string `arg:"" help:"Checkpoint, PyTorch's, safetensors, .npz or ONNX."`
	Output string `short:"o" required:"" placeholder:"M.safetensors" help:"The file to write."`
	Model  string `placeholder:"MODEL" help:"Write what this model reads, under its names: a path to a .res file, or std/NAME."`
	DType  string `name:"dtype" enum:"f32,f16,bf16," default:"" help:"Type of the weights: f32, f16 or bf16; by default each keeps its own."`
	overrides
	fitFlags
}

// Run converts.
func (c *convertCmd) Run(a *app) error {
	if c.Model == "" && (len(c.Set) > 0 || c.Shape != "" || c.From != "" || len(c.AllowMissing)+len(c.AllowExtra) > 0) {
		return usagef("--set, --shape, --from, --allow-missing and --allow-extra are about a --model")
	}
	file, err := c.open(a)
	if err != nil {
		return err
	}
	defer file.Close()
	var tensors []safetensors.Tensor
	for _, name := range file.Names() {
		t, _ := file.Tensor(name)
		if c.DType != "" && t.DType.Convertible() {
			t = checkpoint.Convert(t, map[string]safetensors.DType{"f32": safetensors.F32, "f16": safetensors.F16, "bf16": safetensors.BF16}[c.DType])
		}
		tensors = append(tensors, t)
	}
	// Other readers of safetensors ask which framework's layout it is.
	return atomicfile.Write(c.Output, func(w io.Writer) error {
		return safetensors.Write(w, tensors, map[string]string{"format": "pt"})
	})
}

// open opens what is to be converted.
func (c *convertCmd) open(a *app) (*safetensors.File, error) {
	if c.Model != "" {
		m := modelArgs{Model: c.Model, overrides: c.overrides}
		p, err := m.compile(a)
		if err != nil {
			return nil, err
		}
		return m.openWeights(a, p, c.File, c.fitFlags)
	}
	f, err := openCheckpoint(c.File)
	if err != nil {
		return nil, err
	}
	for _, e := range f.Extras {
		escape.Fprintf(a.stderr, "resc: left out, being no tensor: %s, %s\n", e.Name, e.Value)
	}
	return f.File, nil
}
