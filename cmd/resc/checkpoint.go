package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/resc-lang/resc/checkpoint"
	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/runtime/safetensors"
	"github.com/resc-lang/resc/stdlib"
)

// fitFlags say how a checkpoint may differ from what a model reads.
type fitFlags struct {
	From         string   `placeholder:"PREFIX" help:"The part of the checkpoint to read, by what its names begin with, as in model_ema."`
	AllowMissing []string `placeholder:"NAME" help:"Weights that may be absent, and are zeros then, as in fc; repeatable."`
	AllowExtra   []string `placeholder:"NAME" help:"Entries of the checkpoint that are passed over; repeatable."`
}

// options are the flags as package checkpoint takes them, for a program or nil.
func (f *fitFlags) options(p *compiler.Program) checkpoint.Options {
	o := checkpoint.Options{From: f.From, AllowMissing: f.AllowMissing, AllowExtra: f.AllowExtra}
	if p != nil {
		o.Idle = p.Idle()
	}
	return o
}

// entries are what a program reads.
func entries(p *compiler.Program) []checkpoint.Entry {
	var list []checkpoint.Entry
	seen := make(map[string]bool)
	for _, w := range p.Weights() {
		if !seen[w.Name] { // a weight may be read in several places
			seen[w.Name] = true
			list = append(list, checkpoint.Entry(w))
		}
	}
	return list
}

// openWeights opens a checkpoint, the named one or else that which comes with the
// model, and returns its entries under the model's names.
func (m *modelArgs) openWeights(a *app, p *compiler.Program, path string, fit fitFlags) (*safetensors.File, error) {
	if path == "" {
		return m.shippedWeights(p)
	}
	f, err := openCheckpoint(path)
	if err != nil {
		return nil, err
	}
	mapping, err := checkpoint.Match(f, entries(p), fit.options(p))
	if err != nil {
		defer f.Close()
		return nil, m.misfit(p, path, f, err)
	}
	for _, note := range mapping.Notes {
		a.note("resc: note: " + note)
	}
	return mapping.Open()
}

// openCheckpoint opens a checkpoint in any format.
func openCheckpoint(path string) (*checkpoint.File, error) {
	if isPacked(path) {
		return nil, fmt.Errorf("%s is packed weights, which only run, bench, eval and build read: name the checkpoint that it was made from", path)
	}
	f, err := checkpoint.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", path)
	}
	return f, err
}

// shippedWeights opens what comes with the model.
func (m *modelArgs) shippedWeights(p *compiler.Program) (*safetensors.File, error) {
	shipped := p.ShippedWeights()
	switch {
	case shipped == "":
		model := escape.Line(m.Model)
		return nil, usageError{lines{
			model + " comes without weights: give a checkpoint with --weights FILE,",
			"PyTorch's, a safetensors file, NumPy's .npz or ONNX. The standard library's names are torchvision's:",
			"torch.save(model.state_dict(), \"FILE.pth\") fits as it is; resc weights " + model + " FILE says how others fit."}}
	case strings.HasPrefix(m.Model, stdlib.Prefix):
		data, err := stdlib.Weights(shipped)
		if err != nil {
			return nil, err
		}
		return safetensors.OpenBytes(data)
	}
	return safetensors.Open(filepath.Join(filepath.Dir(m.Model), filepath.FromSlash(shipped)))
}

// misfit adds the likely cause to an error of matching.
func (m *modelArgs) misfit(p *compiler.Program, path string, f *checkpoint.File, err error) error {
	var misfit *checkpoint.MisfitError
	if !errors.As(err, &misfit) {
		return fmt.Errorf("%s: %w", path, err)
	}
	text := lines(misfit.Lines())
	for _, cause := range m.diagnose(p, f, misfit) {
		text = append(text, "likely cause: "+escape.Line(cause))
	}
	return fmt.Errorf("%s: %w", path, text)
}
