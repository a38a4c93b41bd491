package main

import (
	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/dsl"
)

type checkCmd struct {
	Files []string `arg:"" name:"file" help:"Paths to .res files, std/NAME, or folders, which stand for all .res files below; DIR/... is the same; - is standard input."`
	overrides
	Format string `enum:"text,json" default:"text" help:"Diagnostics as text on stderr, or as JSON on stdout."`
}

// Run checks each file; those without a model are checked for syntax and
// names.
func (c *checkCmd) Run(a *app) error {
	shape, err := parseShape(c.Shape)
	if err != nil {
		return err
	}
	files, err := resFiles(c.Files)
	if err != nil {
		return err
	}
	var all dsl.Diagnostics
	for _, name := range files {
		src, err := load(a.ctx, name)
		if err != nil {
			return err
		}
		all = append(all, compiler.Check(src, compiler.Options{Set: c.Set, Shape: shape})...)
	}
	if c.Format == "json" {
		if err := dsl.RenderJSON(a.stdout, all); err != nil {
			return err
		}
	} else if err := a.report(all); err != nil {
		return err
	}
	if all.HasErrors() {
		return errReported
	}
	return nil
}
