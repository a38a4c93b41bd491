package compiler

import (
	"testing"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/docs"
)

// TestDocs compiles every example of the documentation in the language and holds it
// to the formatter.
func TestDocs(t *testing.T) {
	pages, err := docs.Pages("..")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range pages {
		for _, b := range p.Blocks() {
			if b.Language != "res" {
				continue
			}
			n++
			src := dsl.NewSource("example.res", b.Text())
			if _, ds := Compile(src, Options{}); ds.HasErrors() {
				t.Errorf("%s:%d: %v in\n%s", p.Path, b.Line, ds[0].Error(), b.Text())
				continue
			}
			if file, _ := dsl.Parse(src); dsl.Format(file) != src.Text {
				t.Errorf("%s:%d: an example is not in canonical form:\n%s", p.Path, b.Line, dsl.Format(file))
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d examples were found", n)
	}
}
