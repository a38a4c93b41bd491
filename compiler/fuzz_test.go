package compiler

import (
	"testing"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/stdlib"
)

// FuzzCheck checks, and where that succeeds compiles, whatever parses: nothing
// may panic, and every diagnostic must have a place and a code that is
// explained.
func FuzzCheck(f *testing.F) {
	for _, name := range stdlib.Names() {
		src, _ := stdlib.Source(name)
		f.Add(src.Text)
	}
	for _, info := range dsl.Codes() {
		f.Add(info.Example)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src := dsl.NewSource("f.res", text)
		p, ds := Compile(src, Options{})
		for _, d := range ds {
			if _, ok := d.Code.Info(); !ok || !d.Span.IsValid() {
				t.Errorf("%v", d.Error())
			}
			if d.Span.Start < 0 || d.Span.End > len(d.Span.Source.Text) || d.Span.Start > d.Span.End {
				t.Errorf("%v has a span outside of its source", d.Error())
			}
		}
		if p == nil && !ds.HasErrors() {
			t.Error("no program and no error")
		}
		if p != nil {
			p.Report()
			if _, err := p.Emit("f", "v0.0.0"); err != nil {
				t.Error(err)
			}
		}
	})
}
