package dsl

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/golden"
)

// TestGolden shows the canonical form and the diagnostics of each archive's
// file.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *golden.Test) {
		f, ds := Parse(NewSource("in.res", t.Input("in.res")))
		if len(ds) > 0 {
			Render(t.Section("diagnostics"), ds, RenderOptions{})
			return
		}
		text := Format(f)
		fmt.Fprint(t.Section("format"), text)
		again, ds := Parse(NewSource("in.res", text))
		if len(ds) > 0 {
			t.Fatalf("the canonical form does not parse: %v", ds[0])
		}
		if twice := Format(again); twice != text {
			t.Errorf("formatting twice changes the text:\n%s", twice)
		}
	})
}

// TestStandardLibraryIsFormatted holds the library to its own formatter, and
// with it the examples of the language's design.
func TestStandardLibraryIsFormatted(t *testing.T) {
	paths, err := filepath.Glob("../stdlib/*.res")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, ds := Parse(NewSource(path, string(text)))
		for _, d := range ds {
			t.Error(d.Error())
		}
		if got := Format(f); got != string(text) {
			t.Errorf("%s is not in canonical form; it would be:\n%s", path, got)
		}
	}
}

// TestLargeFile keeps parsing linear: four times the lines take four times the memory.
func TestLargeFile(t *testing.T) {
	parse := func(lines int) (bytes uint64) {
		var b strings.Builder
		b.WriteString("block big(width) {\n")
		for i := range lines {
			fmt.Fprintf(&b, "    conv%d: conv 3x3, 4*width, /2, pad 0:1 -> bn -> relu\n", i)
		}
		b.WriteString("}\n")
		src := NewSource("big.res", b.String())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, ds := Parse(src)
		runtime.ReadMemStats(&after)
		if len(ds) > 0 || len(f.Decls) != 1 || len(f.Decls[0].(*Block).Body) != lines {
			t.Fatalf("%d diagnostics, %d declarations", len(ds), len(f.Decls))
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := parse(2_500), parse(10_000)
	if large > 5*small {
		t.Errorf("10,000 lines take %d bytes, 2,500 lines %d", large, small)
	}
}

// TestLineEndings reads what other systems' editors write.
func TestLineEndings(t *testing.T) {
	text := "\ufeff// A doc.\r\nmodel m {\r\n\tinput image [3, 8, 8]\r\n\r\n\tconv1: conv 3x3, 4 // last\r\n\t\t-> relu\r\n}\r\n"
	f, ds := Parse(NewSource("m.res", text))
	if len(ds) > 0 {
		t.Fatal(ds[0])
	}
	m := f.Decls[0].(*Model)
	if m.Doc() != "A doc." || len(m.Body) != 2 {
		t.Errorf("doc %q and %d statements", m.Doc(), len(m.Body))
	}
	if got := Format(f); strings.Contains(got, "\r") || strings.Contains(got, "\ufeff") {
		t.Errorf("the canonical form keeps foreign line ends: %q", got)
	}
}

func TestSuggest(t *testing.T) {
	words := []string{"conv", "linear", "avgpool", "maxpool", "sigmoid"}
	for _, c := range [][2]string{
		{"cnov", "conv"}, {"convv", "conv"}, {"con", "conv"}, {"linaer", "linear"},
		{"maxpol", "maxpool"}, {"zebra", ""}, {"conv", ""}, {"", ""},
	} {
		if got := Suggest(c[0], words); got != c[1] {
			t.Errorf("Suggest(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}

func TestCodesAreUnique(t *testing.T) {
	seen := map[Code]bool{}
	for _, c := range Codes() {
		if seen[c.Code] {
			t.Errorf("%s is listed twice", c.Code)
		}
		seen[c.Code] = true
		if c.Title == "" || c.Explanation == "" {
			t.Errorf("%s is not explained", c.Code)
		}
	}
}

// FuzzFormat checks that whatever parses keeps its meaning through the
// formatter, and that nothing makes the parser panic.
func FuzzFormat(f *testing.F) {
	seeds, _ := filepath.Glob("../stdlib/*.res")
	for _, path := range seeds {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("model m {\n  input x [3, 1..4096 by 2, 8] square\n a: conv (k x 1), 2*(w+1), pad (1,2,3,4) as y\n & from y -> b: (relu)\n}\n")
	f.Add("shortcut s { all: zero }\nimport \"a.res\"\n// end")
	f.Fuzz(func(t *testing.T, text string) {
		file, ds := Parse(NewSource("f.res", text))
		if len(ds) > 0 {
			return
		}
		once := Format(file)
		again, ds := Parse(NewSource("f.res", once))
		if len(ds) > 0 {
			t.Fatalf("%v in the canonical form:\n%s", ds[0], once)
		}
		if twice := Format(again); twice != once {
			t.Fatalf("formatting twice changes the text:\n%s\nto:\n%s", once, twice)
		}
		if a, b := commentsOf(text), commentsOf(once); a != b {
			t.Fatalf("formatting changes the comments:\n%s\nto:\n%s", a, b)
		}
		if a, b := outline(file), outline(again); a != b {
			t.Fatalf("formatting changes the meaning:\n%s\nto:\n%s", a, b)
		}
	})
}

// commentsOf is the comments of a text, sorted: one inside a statement moves
// above it.
func commentsOf(text string) string {
	var ds Diagnostics
	var comments []string
	for _, t := range tokenize(NewSource("f.res", text), &ds) {
		if t.Type == commentToken {
			comments = append(comments, t.Value)
		}
	}
	slices.Sort(comments)
	return strings.Join(comments, "\n")
}

// outline is a tree without its places and comments.
func outline(f *File) string {
	var b strings.Builder
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *Import:
			fmt.Fprintf(&b, "import %q\n", d.Path.Value)
		case *Model:
			fmt.Fprintf(&b, "model %s%s\n", d.Name.Text, paramList(d.Params))
			outlineBody(&b, d.Body)
		case *Block:
			fmt.Fprintf(&b, "block %s%s\n", d.Name.Text, paramList(d.Params))
			outlineBody(&b, d.Body)
		case *Policy:
			fmt.Fprintf(&b, "shortcut %s\n", d.Name.Text)
			for _, a := range d.Arms {
				fmt.Fprintf(&b, "%s %s\n", a.Case.Text, oneLine(a.Chain))
			}
		}
	}
	return b.String()
}

func outlineBody(b *strings.Builder, body []Stmt) {
	for _, s := range body {
		if c, ok := s.(*ChainStmt); ok {
			fmt.Fprintln(b, oneLine(c.Chain))
			continue
		}
		fmt.Fprintf(b, "%T %s\n", s, strings.Join(strings.Fields(stmtText(s, 0)), " "))
	}
}

// oneLine is a chain with its structure, however it was broken into lines.
func oneLine(c *Chain) string {
	return fmt.Sprintf("%d steps: %s", len(c.Steps), strings.Join(strings.Fields(chainText(c, 0, "")), " "))
}

// TestHidden refuses characters that are unseen or change how a line is shown, and shows
// them escaped, underlined in the right place.
func TestHidden(t *testing.T) {
	name := "a\x1b\n.res"
	for _, c := range []struct{ line, want string }{
		{"relu // é\t\x1b[31m", "bad: the file holds the control character U+001B\n    3 | relu // é\t\\x1b[31m\n      |          \t^^^^\n"},
		{"relu // \x7f\u009b\u202e", "bad: the file holds the control character U+007F\n    3 | relu // \\u007f\\u009b\\u202e\n      |         ^^^^^^\n"},
		{"relu // \u009b\u202e", "bad: the file holds the control character U+009B\n    3 | relu // \\u009b\\u202e\n      |         ^^^^^^\n"},
		{"\u202e relu", "bad: the file holds the invisible character U+202E\n    3 | \\u202e relu\n      | ^^^^^^\n"},
		{"relu // 日本\u2028x", "bad: the file holds the invisible character U+2028\n    3 | relu // 日本\\u2028x\n      |           ^^^^^^\n"},
		{"relu // \xe6\x97", "bad: the file is not UTF-8\n    3 | relu // \\xe6\\x97\n      |         ^^^^\n"},
	} {
		_, ds := Parse(NewSource(name, "model m {\ninput image [3, 8, 8]\n"+c.line+"\n}\n"))
		var b strings.Builder
		if err := Render(&b, ds, RenderOptions{}); err != nil {
			t.Fatal(err)
		}
		got := regexp.MustCompile(`^a\\x1b\\n\.res:3:\d+: error: (.*) \[bad-encoding\]`).ReplaceAllString(b.String(), "bad: $1")
		if got != c.want {
			t.Errorf("%q:\n%q, want\n%q", c.line, got, c.want)
		}
	}
	for _, line := range []string{"a\tb", "é 日本 👩\u200d💻 \u00a0"} {
		if !Holds(line) {
			t.Errorf("a line does not hold %q", line)
		}
	}
}
