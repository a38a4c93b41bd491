package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/escape"
)

type showCmd struct {
	Model string `arg:"" help:"std/NAME, or a path to a .res file."`
	overrides
}

// Run prints a model's source, and behind it the other files that its layers come
// from, each behind a comment with its name. Of a file that does not compile, as one of
// blocks alone, it prints the source.
func (c *showCmd) Run(a *app) error {
	shape, err := parseShape(c.Shape)
	if err != nil {
		return err
	}
	src, err := load(a.ctx, c.Model)
	if err != nil {
		return err
	}
	sources := []*dsl.Source{src}
	if p, _ := compiler.Compile(src, compiler.Options{Set: c.Set, Shape: shape}); p != nil {
		if sources, err = layerSources(src, p); err != nil {
			return err
		}
	}
	for i, s := range sources {
		if i > 0 {
			if _, err := escape.Fprintf(a.stdout, "\n// %s\n\n", s.Name); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(a.stdout, strings.TrimSuffix(s.Text, "\n")); err != nil {
			return err
		}
	}
	return nil
}

// layerSources are the files that a program's layers come from, src first.
func layerSources(src *dsl.Source, p *compiler.Program) ([]*dsl.Source, error) {
	sources := []*dsl.Source{src}
	for _, l := range p.Report().Layers {
		file := l.Source
		for range 2 { // file:line:column
			file = file[:max(strings.LastIndexByte(file, ':'), 0)]
		}
		if file == "" || slices.ContainsFunc(sources, func(s *dsl.Source) bool { return s.Name == file }) {
			continue
		}
		s, err := compiler.Load(file)
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	return sources, nil
}
