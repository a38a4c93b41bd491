package main

import (
	"archive/zip"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/compiler/verify"
	"github.com/resc-lang/resc/internal/npy"
)

type verifyCmd struct {
	modelArgs
	fitFlags
	Weights   string  `placeholder:"FILE" help:"Checkpoint, PyTorch's, safetensors, .npz or ONNX; by default the one that comes with the model."`
	Reference string  `required:"" placeholder:"R.npz|M.onnx" help:"An input, and values inside the network by their names, as contrib/trace.py writes them; or a model that ONNX Runtime computes, for which Node.js and its package onnxruntime-node must be installed."`
	Input     string  `placeholder:"X.npy" help:"The input; by default that of the .npz, or a made-up one for M.onnx."`
	Tolerance float64 `default:"1e-4" help:"Allowed difference, relative to a layer's largest absolute value."`
	Threads   int     `placeholder:"N" help:"Threads; by default one for each processor."`
	Format    string  `enum:"text,json" default:"text" help:"text or json."`
}

// Run compares, and fails where something differs.
func (c *verifyCmd) Run(a *app) error {
	switch {
	case !(c.Tolerance >= 0):
		return usagef("--tolerance must be at least 0")
	case c.Threads < 0:
		return usagef("--threads must be at least 1")
	case len(c.Outputs) > 0:
		return usagef("verify compares every value that the reference names; --outputs is not for it")
	}
	ref, input, err := c.open(a)
	if err != nil {
		return err
	}
	defer ref.Close()
	shape, err := parseShape(c.Shape)
	if err != nil {
		return err
	}
	if shape, err = c.inputShape(a.ctx, cmp.Or(c.Input, c.Reference), input.Shape, shape); err != nil {
		return err
	}
	shown := false // diagnostics once, though the model is compiled several times
	r, err := verify.Run(a.ctx, verify.Model{
		Compile: func(outputs []compiler.Output) (*compiler.Program, error) {
			p, err := c.compileOptions(a, compiler.Options{Set: c.Set, Shape: shape, Outputs: outputs}, !shown)
			shown = true
			return p, err
		},
		Load: func(p *compiler.Program) (*compiler.Network, error) {
			f, err := c.openWeights(a, p, c.Weights, c.fitFlags)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return p.Load(f)
		},
	}, ref, verify.Options{
		Input: input.AsFloat32(), Images: shape[0], Height: shape[2], Width: shape[3],
		Tolerance: c.Tolerance, Threads: c.Threads,
	})
	if err != nil {
		return err
	}
	if c.Format == "json" {
		e := json.NewEncoder(a.stdout)
		e.SetEscapeHTML(false)
		err = e.Encode(r)
	} else {
		err = r.Text(a.stdout)
	}
	if err == nil && !r.Agrees {
		return errReported
	}
	return err
}

// reference is a verify.Reference with files to close.
type reference interface {
	verify.Reference
	Close() error
}

// open opens the reference and the images that it is about: a file's, the
// reference's own, or for an ONNX model made-up ones.
func (c *verifyCmd) open(a *app) (reference, *npy.Array, error) {
	var input *npy.Array
	var err error
	if c.Input != "" {
		if input, err = a.readArray(c.Input); err != nil {
			return nil, nil, err
		}
	}
	if strings.HasSuffix(c.Reference, ".onnx") {
		return c.openONNX(a, input)
	}
	ref, err := openTrace(c.Reference)
	if err != nil || input != nil {
		return ref, input, err
	}
	for _, name := range inputNames {
		if slices.Contains(ref.archive.Names(), name) {
			input, err = ref.archive.Read(name)
			return ref, input, err
		}
	}
	ref.Close()
	return nil, nil, fmt.Errorf("%s holds no array named input, of the images that it is about; give them with --input X.npy", c.Reference)
}

// inputNames are what a reference may call its input.
var inputNames = []string{"input", "image"}

// trace is a reference in an .npz file.
type trace struct {
	archive *npy.Archive
	file    string
}

// openTrace opens a reference.
func openTrace(path string) (*trace, error) {
	z, err := npy.OpenArchive(path)
	if errors.Is(err, zip.ErrFormat) {
		return nil, fmt.Errorf("%s is no .npz file, and an ONNX model's name ends in .onnx", path)
	}
	if err != nil {
		return nil, err
	}
	return &trace{z, path}, nil
}

// Close closes the file.
func (t *trace) Close() error { return t.archive.Close() }

// Names lists the values, without the input.
func (t *trace) Names() []string {
	return slices.DeleteFunc(t.archive.Names(), func(name string) bool { return slices.Contains(inputNames, name) })
}

// Read reads a value.
func (t *trace) Read(name string) ([]int, []float64, error) {
	array, err := t.archive.Read(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", t.file, err)
	}
	return array.Shape, array.AsFloat64(), nil
}
