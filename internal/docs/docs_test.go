package docs

import (
	"reflect"
	"slices"
	"testing"
)

var page = Parse("page.md", "# Title\n\nRun `resc list`, or `resc\nlist`, or\n    not a block:\n\n"+
	"    resc run std/x \\\n        'a b.png' --top 3    # a comment\n    resc: an error\n\nText.\n\n"+
	"    $ RESC_TIER=avx2 go run ./cmd/resc report m\n    a table\n\n    and more\n\n```res\nmodel m {\n}\n```\n- `--flag`\n")

func TestBlocks(t *testing.T) {
	type block struct {
		line     int
		language string
		lines    int
	}
	var got []block
	for _, b := range page.Blocks() {
		got = append(got, block{b.Line, b.Language, len(b.Lines)})
	}
	want := []block{{7, "", 3}, {13, "", 4}, {19, "res", 2}}
	if !slices.Equal(got, want) {
		t.Errorf("the blocks are %v, want %v", got, want)
	}
	if spans := page.Spans(); !slices.Equal(spans, []Span{{3, "resc list"}, {3, "resc list"}, {22, "--flag"}}) {
		t.Errorf("the spans are %v", spans)
	}
}

func TestCommands(t *testing.T) {
	var args [][]string
	var outputs [][]string
	for _, b := range page.Blocks() {
		for _, c := range b.Commands() {
			a, ok := c.Resc()
			if !ok {
				t.Errorf("%q does not run resc", c.Text)
			}
			args, outputs = append(args, a), append(outputs, c.Output)
		}
	}
	if want := [][]string{{"run", "std/x", "a b.png", "--top", "3"}, {"report", "m"}}; !reflect.DeepEqual(args, want) {
		t.Errorf("the arguments are %q, want %q", args, want)
	}
	if want := [][]string{nil, {"a table", "", "and more"}}; !reflect.DeepEqual(outputs, want) {
		t.Errorf("the outputs are %q, want %q", outputs, want)
	}
}
