package compiler

import (
	"os"
	"regexp"
	"testing"

	"github.com/resc-lang/resc/dsl"
)

var fence = regexp.MustCompile("(?s)```res\n(.*?)```")

// TestDocs compiles every example of the documentation and holds it to the
// formatter.
func TestDocs(t *testing.T) {
	for _, path := range []string{"../README.md", "../docs/language.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		examples := fence.FindAllSubmatch(text, -1)
		if len(examples) == 0 {
			t.Errorf("%s has no examples", path)
		}
		for _, e := range examples {
			src := dsl.NewSource("example.res", string(e[1]))
			if _, ds := Compile(src, Options{}); ds.HasErrors() {
				t.Errorf("%s: %v in\n%s", path, ds[0].Error(), e[1])
				continue
			}
			if file, _ := dsl.Parse(src); dsl.Format(file) != src.Text {
				t.Errorf("%s: an example is not in canonical form:\n%s", path, dsl.Format(file))
			}
		}
	}
}
