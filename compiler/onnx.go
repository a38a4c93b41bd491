package compiler

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/onnx"
	"github.com/resc-lang/resc/dsl"
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
	m, err := onnx.Export(p.model, p.written, f, version)
	if err != nil {
		return err
	}
	return format.Write(w, m)
}

// Imported is an ONNX model in the language.
type Imported struct {
	Name    string // of the model, and of its files
	Source  string // the .res file
	Weights []safetensors.Tensor

	file *format.File // that the weights lie in
}

// Close releases the ONNX file. The values of Weights must not be used any more.
func (i *Imported) Close() error {
	if i.file == nil {
		return nil
	}
	return i.file.Close()
}

// WeightsFile is the name of the file that the source says its weights are in.
func (i *Imported) WeightsFile() string { return i.Name + ".safetensors" }

// ImportONNX converts the ONNX model at path to a .res file and its weights, with
// blocks, stages and shortcut policies found again. The source compiles to the
// same operators, node by node, and loads the weights, whose values are the ONNX
// file's own memory until Close. shape is the input's, [C,H,W], where the model
// leaves sizes open, or nil. An error names the path and every node that has no
// equivalent in the language.
func ImportONNX(path string, shape []int) (*Imported, error) {
	f, err := format.Open(path)
	if err != nil {
		return nil, err
	}
	i, err := importONNX(f.Model, path, shape)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	i.file = f
	return i, nil
}

// importONNX converts a model that was read from file.
func importONNX(m *format.Model, file string, shape []int) (*Imported, error) {
	name := m.Graph.Name
	if m.Producer != "resc" || onnx.ModelName(name) != name {
		name = onnx.ModelName(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	}
	i := &Imported{Name: name}
	found, err := onnx.Import(m, name, shape, i.WeightsFile(), compileGraph(name))
	if err != nil {
		return nil, err
	}
	i.Source, i.Weights = found.Text, found.Weights
	p, ds := Compile(dsl.NewSource(name+".res", i.Source), Options{})
	if p == nil {
		return nil, ds[0]
	}
	checkpoint, err := safetensors.New(i.Weights...)
	if err != nil {
		return nil, err
	}
	_, err = p.Load(checkpoint)
	return i, err
}

// compileGraph compiles the model of a text to its graph as it was written.
func compileGraph(name string) onnx.Compiler {
	return func(text string) (*ir.Graph, error) {
		model, ds := check.Check(dsl.NewSource(name+".res", text), check.Options{Loader: files{}})
		for _, d := range ds {
			if d.Severity == dsl.Error {
				return nil, d
			}
		}
		return model.Graph, nil
	}
}
