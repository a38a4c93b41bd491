package op

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/golden"
)

// TestReference keeps docs/operators.md as the table of operators says.
func TestReference(t *testing.T) {
	const path = "../../../docs/operators.md"
	var b strings.Builder
	b.WriteString("# Operators\n\nMade of the table in `compiler/internal/op` by `go test ./compiler/internal/op -update`.\n")
	for _, d := range Operators {
		fmt.Fprintf(&b, "\n## %s\n\n    %s\n\n%s\n\nFor example: `%s`\n", d.Word, strings.TrimSpace(d.Word+" "+d.Args), d.Summary, d.Example)
	}
	if golden.Update() {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != b.String() {
		t.Errorf("docs/operators.md is not up to date; run this test with -update")
	}
}

// TestExamples parses each operator's example, and wants its word known to the
// parser, which tells branches from values by it.
func TestExamples(t *testing.T) {
	for _, d := range Operators {
		_, ds := dsl.Parse(dsl.NewSource("example.res", "block b {\n    "+d.Example+"\n}\n"))
		if len(ds) > 0 {
			t.Errorf("%s: %v", d.Word, ds[0].Error())
		}
		if !dsl.IsOperator(d.Word) {
			t.Errorf("%s is no operator to the parser", d.Word)
		}
	}
}
