package main

import (
	"io"

	"github.com/resc-lang/resc/internal/atomicfile"
)

type packCmd struct {
	modelArgs
	fitFlags
	Weights string `placeholder:"FILE" help:"Checkpoint; by default the one that comes with the model."`
	Output  string `short:"o" required:"" placeholder:"M.resw" help:"File to write."`
}

// Run packs the weights, for the tier of kernels in force.
func (c *packCmd) Run(a *app) error {
	p, err := c.compile(a)
	if err != nil {
		return err
	}
	file, err := c.openWeights(a, p, c.Weights, c.fitFlags)
	if err != nil {
		return err
	}
	defer file.Close()
	return atomicfile.Write(c.Output, func(w io.Writer) error { return p.Pack(w, file) })
}
