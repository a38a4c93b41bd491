package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/stdlib"
)

type listCmd struct{}

// Run lists the networks of the standard library with the first sentence of
// their documentation.
func (c *listCmd) Run(a *app) error {
	t := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	for _, name := range stdlib.Models() {
		src, _ := stdlib.Source(name)
		file, _ := dsl.Parse(src)
		for _, d := range file.Decls {
			if m, ok := d.(*dsl.Model); ok {
				fmt.Fprintf(t, "%s%s\t%s\n", stdlib.Prefix, name, firstSentence(m.Doc()))
			}
		}
	}
	return t.Flush()
}

// firstSentence is a text up to its first full stop or colon.
func firstSentence(doc string) string {
	doc = strings.Join(strings.Fields(doc), " ")
	for _, end := range []string{": ", ". "} {
		if i := strings.Index(doc, end); i > 0 && !strings.HasSuffix(doc[:i], "al") {
			doc = doc[:i]
		}
	}
	return strings.TrimSuffix(doc, ".")
}
