package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/runtime/safetensors"
)

type importCmd struct {
	File  string `arg:"" name:"model" placeholder:"M.onnx" help:"An ONNX model of a residual network."`
	Dir   string `short:"o" required:"" placeholder:"DIR" help:"Folder for the .res file and its weights."`
	Shape string `placeholder:"CxHxW" help:"The input's size, where the model leaves it open."`
}

// Run writes NAME.res and NAME.safetensors, each whole; nothing where the model
// cannot be said, or where somebody has changed NAME.res.
func (c *importCmd) Run(a *app) error {
	shape, err := parseShape(c.Shape)
	if err != nil {
		return err
	}
	i, err := compiler.ImportONNX(c.File, shape)
	if err != nil {
		if b := bare(err); b != err {
			return fmt.Errorf("cannot read %s: %w", c.File, b)
		}
		return err
	}
	defer i.Close()
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return err
	}
	path := filepath.Join(c.Dir, i.Name+".res")
	if old, err := readRegular(path); err == nil && string(old) != i.Source {
		return fmt.Errorf("%s is there already and says something else; move it, or choose another folder with -o", path)
	}
	// The weights first: a .res file that is there has them.
	if err := atomicfile.Write(filepath.Join(c.Dir, i.WeightsFile()), func(w io.Writer) error {
		return safetensors.Write(w, i.Weights, nil)
	}); err != nil {
		return err
	}
	if err := atomicfile.WriteFile(path, []byte(i.Source)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, escape.Line(path))
	return err
}
