package main

import (
	"io"

	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/runtime/safetensors"
)

type exportCmd struct {
	modelArgs
	fitFlags
	Weights string `placeholder:"FILE" help:"Checkpoint; by default the one that comes with the model."`
	MadeUp  bool   `help:"Make weights up from their names: for measuring, and for comparing runtimes."`
	Output  string `short:"o" required:"" placeholder:"M.onnx" help:"Where the model goes."`
}

// Run writes the model whole or not at all.
func (c *exportCmd) Run(a *app) error {
	if c.MadeUp && c.Weights != "" {
		return usagef("--made-up and --weights exclude each other")
	}
	p, err := c.compile(a)
	if err != nil {
		return err
	}
	var file *safetensors.File
	if c.MadeUp {
		file = madeUp(p)
	} else if file, err = c.openWeights(a, p, c.Weights, c.fitFlags); err != nil {
		return err
	}
	defer file.Close()
	return atomicfile.Write(c.Output, func(w io.Writer) error {
		return p.WriteONNX(w, file, version())
	})
}
