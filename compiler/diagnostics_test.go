package compiler

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/golden"
)

// TestErrors shows what each wrong file is answered with.
func TestErrors(t *testing.T) {
	golden.Run(t, "testdata/errors/*.txtar", func(t *golden.Test) {
		dir := t.TempDir()
		for _, f := range t.Inputs() {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		home, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chdir(dir); err != nil { // so that places name no folder
			t.Fatal(err)
		}
		defer os.Chdir(home)
		src, err := Load("in.res")
		if err != nil {
			t.Fatal(err)
		}
		set := map[string]string{}
		for _, v := range t.Values("set") {
			name, value, _ := strings.Cut(v, "=")
			set[name] = value
		}
		_, ds := Compile(src, Options{Set: set})
		if !ds.HasErrors() {
			t.Fatal("the file compiles")
		}
		dsl.Render(t.Section("diagnostics"), ds, dsl.RenderOptions{})
		checkEdits(t.T, src, ds)
	})
}

// checkEdits applies the edit of each hint: the diagnostic must go away, and
// where it was the only one, the file must compile.
func checkEdits(t *testing.T, src *dsl.Source, ds dsl.Diagnostics) {
	for _, d := range ds {
		if d.Hint == nil || d.Hint.Edit == nil || d.Hint.Edit.Span.Source != src {
			continue
		}
		fixed := dsl.NewSource(src.Name, d.Hint.Edit.Apply())
		_, after := Compile(fixed, Options{})
		if len(ds) == 1 && after.HasErrors() {
			t.Errorf("the hint %q leads to %v in:\n%s", d.Hint.Message, after[0].Error(), fixed.Text)
		}
		for _, a := range after {
			if a.Code == d.Code && a.Message == d.Message && a.Span.Start == d.Span.Start {
				t.Errorf("the hint %q does not mend %v", d.Hint.Message, d.Error())
			}
		}
	}
}

// TestCodeExamples compiles the example of every code: it must provoke that
// code and no other.
func TestCodeExamples(t *testing.T) {
	for _, info := range dsl.Codes() {
		if info.Example == "" {
			continue
		}
		t.Run(string(info.Code), func(t *testing.T) {
			src := dsl.NewSource("example.res", info.Example)
			_, ds := Compile(src, Options{})
			if len(ds) != 1 || ds[0].Code != info.Code {
				for _, d := range ds {
					t.Log(d.Error())
				}
				t.Fatalf("%d diagnostics, want one, %s", len(ds), info.Code)
			}
			checkEdits(t, src, ds)
		})
	}
}

// TestEveryCodeIsExplained finds codes that are reported but not in the table.
func TestEveryCodeIsExplained(t *testing.T) {
	archives, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no diagnostics: %v", err)
	}
	codes := 0
	for _, path := range archives {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if !strings.Contains(line, ": error: ") || !strings.HasSuffix(line, "]") {
				continue
			}
			code := dsl.Code(line[strings.LastIndexByte(line, '[')+1 : len(line)-1])
			codes++
			if _, ok := code.Info(); !ok {
				t.Errorf("%s: code %s is not explained", path, code)
			}
		}
	}
	if codes < len(archives)/2 {
		t.Errorf("%d codes in %d files", codes, len(archives))
	}
}
