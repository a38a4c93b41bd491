package main

import (
	"fmt"
	"strings"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/dataset"
	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/internal/ordered"
	"github.com/resc-lang/resc/runtime"
)

type runCmd struct {
	modelArgs
	fitFlags
	Images  []string `arg:"" optional:"" name:"image" help:"Images (PNG, JPEG, GIF, BMP, TIFF, WebP), folders of them, patterns, or - for standard input."`
	Weights string   `placeholder:"FILE" help:"Checkpoint, PyTorch's, safetensors, .npz or ONNX; by default the one that comes with the model."`
	Input   string   `placeholder:"X.npy" help:"Compute this array, f32 in NCHW order, as it is; - for standard input."`
	Output  string   `placeholder:"Y.npy" help:"Write the first output as f32, or to Y.npz every output by its name."`
	Top     int      `default:"5" help:"Classes to print for each image."`
	Crops   int      `enum:"1,5,10" default:"1" help:"Average the probabilities of 1, 5 or 10 crops of each image."`
	Threads int      `placeholder:"N" help:"Threads; by default one for each processor."`
	Format  string   `enum:"text,json,csv" default:"text" help:"text, json: one object a line, or csv: a line for each class."`
}

// Run computes images or rows in parallel and prints them in their order.
func (c *runCmd) Run(a *app) error {
	switch {
	case c.Input == "" && len(c.Images) == 0:
		return usagef("nothing to run on: name an image, or an array with --input X.npy")
	case c.Input != "" && len(c.Images) > 0:
		return usagef("--input and images exclude each other")
	case len(c.Outputs) > 0 && c.Output == "":
		return usagef("--outputs computes values that are no classes: say where they go with --output Y.npz")
	case c.Crops > 1 && (c.Input != "" || c.Output != ""):
		return usagef("--crops averages what images are taken for: it goes neither with --input nor with --output")
	case c.Top < 1:
		return usagef("--top must be at least 1")
	case c.Threads < 0:
		return usagef("--threads must be at least 1")
	}
	if c.Output != "" {
		if err := c.checkOutput(); err != nil {
			return err
		}
	}
	var array *npy.Array
	shape, err := parseShape(c.Shape)
	if err != nil {
		return err
	}
	if c.Input != "" {
		if array, err = a.readArray(c.Input); err != nil {
			return err
		}
		if shape, err = c.inputShape(a.ctx, c.Input, array.Shape, shape); err != nil {
			return err
		}
	}
	c.follow(c.Weights)
	p, err := c.compileShape(a, shape)
	if err != nil {
		return err
	}
	var from inputs
	if array != nil {
		from = newRows(c.Input, array)
	} else {
		if err := p.CheckPreprocess(c.Crops); err != nil {
			return err
		}
		from = &images{p, dataset.Find(c.Images), c.Crops}
	}
	network, err := c.network(a, p, c.Weights, c.fitFlags)
	if err != nil {
		return err
	}
	defer network.Close()
	return c.compute(a, p, network, from)
}

// checkOutput says what is wrong with --output before anything is computed.
func (c *runCmd) checkOutput() error {
	switch archive := strings.HasSuffix(c.Output, archiveEnding); {
	case !archive && !strings.HasSuffix(c.Output, ".npy"):
		return usagef("--output %s: outputs are written as .npy, or as %s", c.Output, archiveEnding)
	case !archive && len(c.Outputs) > 1:
		return usagef("--output %s holds one output: write the %d of --outputs to a file that ends in %s", c.Output, len(c.Outputs), archiveEnding)
	}
	return atomicfile.Check(c.Output)
}

// compute runs a network on each of a source's images, and prints or keeps what
// comes out.
func (c *runCmd) compute(a *app, p *compiler.Program, network *compiler.Network, from inputs) error {
	_, h, w := p.Input()
	shape := network.OutputShape(0, h, w)
	classes := product(shape) == shape[0] && len(c.Outputs) == 0
	if !classes && c.Output == "" {
		return fmt.Errorf("the first output is a feature map, %s: write it with --output Y.npy", compiler.Dims(shape))
	}
	var kept []*spool // outputs for --output
	if c.Output != "" {
		for i, o := range p.NamedOutputs() {
			if i > 0 && !strings.HasSuffix(c.Output, archiveEnding) {
				break
			}
			s, err := newSpool(o.Name, network.OutputShape(i, h, w))
			if err != nil {
				return err
			}
			defer s.discard()
			kept = append(kept, s)
		}
	}
	n, failed := from.count(), 0
	pool := newPool(p, network, from, max(len(kept), 1), c.Threads)
	defer pool.Close()
	bar := a.newBar(n, true)
	defer bar.clear()
	printer := newPrinter(c.Format, a.stdout)
	err := ordered.Run(a.ctx, n, pool.workers(), pool.run, func(i int, r result) error {
		bar.set(i)
		if r.err != nil {
			bar.clear()
			escape.Fprintf(a.stderr, "resc: %s: %v\n", r.name, r.err)
			failed++
			return nil
		}
		if r.notFinite != nil {
			bar.clear()
			if len(kept) > 0 {
				escape.Fprintf(a.stderr, "resc: %s: warning: %v\n", r.name, r.notFinite)
			} else {
				escape.Fprintf(a.stderr, "resc: %s: %v\n", r.name, r.notFinite)
				failed++
			}
		}
		for o, s := range kept {
			if err := s.add(r.crops[0][o]); err != nil {
				return err
			}
		}
		switch {
		case !classes:
			return nil
		case r.notFinite != nil:
			return printer.fail(r.name, r.notFinite)
		}
		return printer.print(r.name, runtime.TopKMean(r.logits(), p.Classes(), c.Top))
	})
	if err != nil {
		return err
	}
	if len(kept) > 0 && failed < n {
		if err := writeSpools(c.Output, kept, n-failed); err != nil {
			return err
		}
	}
	if failed > 0 {
		return errReported
	}
	return nil
}
