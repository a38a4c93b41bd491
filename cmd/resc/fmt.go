package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/stdlib"
)

type fmtCmd struct {
	List  bool     `short:"l" help:"Only list files whose formatting differs."`
	Diff  bool     `short:"d" help:"Print differences."`
	Write bool     `short:"w" help:"Write the result to the file."`
	Files []string `arg:"" optional:"" name:"file" help:"Paths to .res files, std/NAME, or folders, which stand for all .res files below; by default, and by the name -, standard input."`
}

// Run formats each file.
func (c *fmtCmd) Run(a *app) error {
	if len(c.Files) == 0 {
		c.Files = []string{source.Stdin}
	}
	files, err := resFiles(c.Files)
	if err != nil {
		return err
	}
	failed := false
	for _, name := range files {
		src, err := c.read(a, name)
		if err != nil {
			return err
		}
		if err := c.format(a, name, src); err == errReported {
			failed = true
		} else if err != nil {
			return err
		}
	}
	if failed {
		return errReported
	}
	return nil
}

// read reads a file, or one of the standard library, which cannot be written.
func (c *fmtCmd) read(a *app, name string) (*dsl.Source, error) {
	if info, err := os.Stat(name); c.Write && (name == source.Stdin || err == nil && !info.Mode().IsRegular()) {
		return nil, usagef("%s cannot be written: -w is for regular files", name)
	}
	src, err := load(a.ctx, name)
	if err != nil {
		return nil, err
	}
	if c.Write && strings.HasPrefix(name, stdlib.Prefix) {
		return nil, usagef("%s is part of resc and cannot be written; resc fmt %s > FILE.res writes a copy", name, name)
	}
	return src, nil
}

// format formats one file.
func (c *fmtCmd) format(a *app, name string, src *dsl.Source) error {
	text := []byte(src.Text)
	file, ds := dsl.Parse(src)
	if len(ds) > 0 {
		if err := a.report(ds); err != nil {
			return err
		}
		return errReported
	}
	formatted := []byte(dsl.Format(file))
	differs := !bytes.Equal(text, formatted)
	if c.List && differs {
		fmt.Fprintln(a.stdout, escape.Line(name))
	}
	if c.Diff && differs {
		if _, err := a.stdout.Write(diff.Diff(escape.Line(name)+".orig", text, escape.Line(name), formatted)); err != nil {
			return err
		}
	}
	if c.Write && differs {
		return atomicfile.WriteFile(name, formatted)
	}
	if !c.List && !c.Diff && !c.Write {
		_, err := a.stdout.Write(formatted)
		return err
	}
	return nil
}
