package compiler

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/compiler/internal/onnx"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/fixture"
	format "github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/preprocess"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// there and back: a program as an ONNX file, and the program of what is imported.
func thereAndBack(t *testing.T, p *Program) *Program {
	t.Helper()
	weights := &safetensors.File{}
	if len(p.Weights()) > 0 {
		weights = fixture.Checkpoint(weightsOf(p))
	}
	var file bytes.Buffer
	if err := p.WriteONNX(&file, weights, "v0.0.0"); err != nil {
		t.Fatal(err)
	}
	m, err := format.Parse(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	found, err := importONNX(m, "m.onnx", nil)
	if err != nil {
		t.Fatal(err)
	}
	return compileText(t, found.Source)
}

// preStep is a step of preprocessing as somebody writes it, and its picture's size.
type preStep struct {
	text string
	to   func(height, width int) (int, int)
}

// preSteps are the steps in all their forms, but for normalize.
func preSteps() []preStep {
	steps := []preStep{
		{"crop 5", func(int, int) (int, int) { return 5, 5 }},
		{"crop 6x5", func(int, int) (int, int) { return 6, 5 }},
		{"raw", func(h, w int) (int, int) { return h, w }},
	}
	shorter := func(h, w int) (int, int) {
		if w <= h {
			return 7 * h / w, 7
		}
		return 7, 7 * w / h
	}
	both := func(int, int) (int, int) { return 8, 9 }
	for _, filter := range []string{"", ", bilinear", ", bicubic", ", tensor", ", bilinear, tensor", ", bicubic, tensor", ", tensor, bicubic"} {
		steps = append(steps, preStep{"resize 7" + filter, shorter}, preStep{"resize 8x9" + filter, both})
	}
	return steps
}

// TestPreprocessSurvives exports and imports one, two and three steps of
// preprocessing in every order, with and without normalize, and wants the same
// steps, and the same inputs of a picture.
func TestPreprocessSurvives(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 13, 11))
	for i := range 13 * 11 {
		picture.Set(i%13, i/13, color.NRGBA{byte(37 * i), byte(91 * i), byte(i * i), 255})
	}
	all := preSteps()
	var lists [][]preStep
	for i, a := range all {
		lists = append(lists, []preStep{a})
		for j, b := range all {
			lists = append(lists, []preStep{a, b}, []preStep{a, b, all[(5*i+3*j)%len(all)]})
		}
	}
	normalize := []string{"", "normalize [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]", "normalize [-1, 1e-3, 127], [0.1, 2e10, 123456789.5]"}
	for i, list := range lists {
		var steps []string
		h, w := 11, 13
		for _, s := range list {
			steps = append(steps, s.text)
			h, w = s.to(h, w)
		}
		if n := normalize[i%3]; n != "" {
			steps = append(steps, n)
		}
		statement := "preprocess " + strings.Join(steps, " -> ")
		p := compileText(t, fmt.Sprintf("model m {\n    input image [3, %d, %d]\n    %s\n    avgpool\n}\n", h, w, statement))
		again := thereAndBack(t, p)
		if !reflect.DeepEqual(p.model.Preprocess, again.model.Preprocess) {
			t.Fatalf("%s\nbecame %v", statement, again.model.Preprocess)
		}
		a, _, _, err := p.Preprocess(picture)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if b, _, _, err := again.Preprocess(picture); err != nil || !slices.Equal(a, b) {
			t.Fatalf("%s: the inputs of a picture differ: %v", statement, err)
		}
	}
}

// TestFilters has every filter of runtime/preprocess written in the language.
func TestFilters(t *testing.T) {
	written := map[preprocess.Filter]bool{}
	for _, s := range preSteps() {
		if strings.HasPrefix(s.text, "resize") {
			p := compileText(t, "model m {\n    input image [3, 8, 9]\n    preprocess "+s.text+"\n    avgpool\n}\n")
			written[p.model.Preprocess[0].Filter()] = true
		}
	}
	for f := preprocess.Filter(0); !strings.HasPrefix(f.String(), "Filter("); f++ {
		if !written[f] {
			t.Errorf("%v cannot be written", f)
		}
	}
}

// TestMetadataSurvives exports and imports what stands beside the layers of a
// network: its documentation, ranges of sizes, outputs, class names of any letters and
// published results.
func TestMetadataSurvives(t *testing.T) {
	for _, text := range []string{`// What it is for,	with a tab and a space that does not break.
//
//     a table
model m(depth = 20) {
    input image [3, 16..64 by 16, 32..40]
    labels ["", "cat, \"tabby\"", "back\\slash", "a	tab", "全角　空白", "👩‍🚀", "no break", "<b>&amp;</b>", "]", "// no comment"]
    published(depth = 20) top1-error 8.75, top5-error 1e-1, source "\"He\" et al. – table 6"
    published top1-error 9
    published(depth = 21) top1-error 10
    conv1: conv 3x3, 8, /2 as features
    avgpool
    fc: linear 10
    output scores = fc
    output features
}
`, `model square {
    input picture [3, 20..50 by 10, 20..50 by 10] square
    published top5-error 3.57, source "elsewhere"
    conv1: conv 3x3, 2
}
`} {
		p := compileText(t, text)
		again := thereAndBack(t, p)
		a, b := p.Report(), again.Report()
		if !slices.Equal(p.Classes(), again.Classes()) {
			t.Errorf("the classes became %q", again.Classes())
		}
		if !slices.Equal(a.Published, b.Published) {
			t.Errorf("the published results became %q, not %q", b.Published, a.Published)
		}
		if !reflect.DeepEqual(a.Outputs, b.Outputs) || !reflect.DeepEqual(a.Input, b.Input) {
			t.Errorf("input and outputs became %v, %v, not %v, %v", b.Input, b.Outputs, a.Input, a.Outputs)
		}
		if a.Doc != "" && a.Doc != b.Doc {
			t.Errorf("the documentation became %q", b.Doc)
		}
	}
}

// TestMetadataRefused imports metadata that no .res file can hold.
func TestMetadataRefused(t *testing.T) {
	p := compileText(t, "model m {\n    input image [3, 8, 8]\n    avgpool\n    fc: linear 1\n}\n")
	for _, c := range []struct{ key, value, want string }{
		{"resc.preprocess", "resize 8\n    relu", "no .res file can hold"},
		{"resc.preprocess", "resize", "resize takes a size"},
		{"resc.classes", `["bell\u0007"]`, `no .res file can hold "bell\a"`},
		{"resc.classes", `["one", "two"]`, "2 labels for an output"},
		{"resc.classes", `{}`, "resc.classes: json"},
		{"resc.published", `[{"metric": "top1-error 1\n    relu", "value": "2"}]`, "is no metric"},
		{"resc.published", `[{"metric": "top1-error", "value": "2\n    relu"}]`, "is no number"},
		{"resc.published", `[{"metric": "top1-error", "value": "2", "source": "a\nb"}]`, "no .res file can hold"},
	} {
		m := exported(t, p)
		m.Metadata = append(m.Metadata, format.Property{Key: c.key, Value: c.value})
		_, err := onnx.Import(m, "m", nil, "w.safetensors", compileGraph("m"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %s", c.key, c.value, err, c.want)
		}
	}
}

// TestNormalizeSinglePrecision refuses numbers that single precision does not have,
// in which inputs are computed.
func TestNormalizeSinglePrecision(t *testing.T) {
	for _, numbers := range []string{"[0, 1e39, 0], [1, 1, 1]", "[0, 0, 0], [1, 1e-50, 1]", "[0, 0, 0], [1, 0, 1]"} {
		text := "model m {\n    input image [3, 8, 8]\n    preprocess resize 8x8 -> normalize " + numbers + "\n    avgpool\n}\n"
		if _, ds := Compile(dsl.NewSource("m.res", text), Options{}); !ds.HasErrors() {
			t.Errorf("normalize %s is accepted", numbers)
		}
	}
}
