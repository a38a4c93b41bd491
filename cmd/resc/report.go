package main

import (
	"encoding/json"
	"io"

	"github.com/resc-lang/resc/internal/atomicfile"
)

type reportCmd struct {
	modelArgs
	Format string `enum:"text,json" default:"text" help:"text or json."`
	Output string `short:"o" placeholder:"F" help:"Write to a file."`
}

// Run prints the report.
func (c *reportCmd) Run(a *app) error {
	p, err := c.compile(a)
	if err != nil {
		return err
	}
	r := p.Report()
	write := func(w io.Writer) error { return r.Text(w) }
	if c.Format == "json" {
		write = func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(r)
		}
	}
	if c.Output != "" {
		return atomicfile.Write(c.Output, write)
	}
	return write(a.stdout)
}
