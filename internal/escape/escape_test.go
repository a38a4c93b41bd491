package escape

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for _, c := range []struct{ in, line, text string }{
		{"", "", ""},
		{"conv1.weight", "conv1.weight", "conv1.weight"},
		{"é 日本 👩\u200d💻 می\u200cخواهم \u0600", "é 日本 👩\u200d💻 می\u200cخواهم \u0600", "é 日本 👩\u200d💻 می\u200cخواهم \u0600"},
		{"\x1b]0;title\a", `\x1b]0;title\x07`, `\x1b]0;title\x07`},
		{"a\nb\tc\r\nd\re", `a\nb\tc\r\nd\re`, "a\nb\tc\r\nd\\re"},
		{"\x00\x7f\u0080\u009b31m", `\x00\u007f\u0080\u009b31m`, `\x00\u007f\u0080\u009b31m`},
		{"\u202eb\u2066c\u2069\u200e\u200f\u061c", `\u202eb\u2066c\u2069\u200e\u200f\u061c`, `\u202eb\u2066c\u2069\u200e\u200f\u061c`},
		{"\u2028\u2029\ufeff\u200b\u00ad", `\u2028\u2029\ufeff\u200b\u00ad`, `\u2028\u2029\ufeff\u200b\u00ad`},
		{"\U000e0041", `\udb40\udc41`, `\udb40\udc41`},
		{"a\xffb\xe6\x97", `a\xffb\xe6\x97`, `a\xffb\xe6\x97`},
		{"\ufffd", "\ufffd", "\ufffd"},
	} {
		if got := Line(c.in); got != c.line {
			t.Errorf("Line(%q) = %q, want %q", c.in, got, c.line)
		}
		if got := Text(c.in); got != c.text {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.text)
		}
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "cat": "cat", "a=1": "a=1", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x",
		"\tx": `'\tx`, "\rx": `'\rx`, "a\n=1": `a\n=1`, "'=1": "'=1", "日本": "日本",
	} {
		if got := Cell(in); got != want {
			t.Errorf("Cell(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzEscape checks what callers rely on: nothing hidden is left, escaping again changes
// nothing, visible text stays, and pieces of any size give the same as the whole.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"a\x1b[31m\u202e\nb\tc\r\n", "日本\xe6\x97", "\r", "\xff\xf0\x9f\x91", "\U000e0041\r\r\n"} {
		f.Add(s, 1)
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, size int) {
		line, text := Line(s), Text(s)
		for _, got := range []string{line, strings.NewReplacer("\r\n", "", "\n", "", "\t", "").Replace(text)} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, Hidden) {
				t.Errorf("%q of %q is hidden", got, s)
			}
		}
		if Line(line) != line || Text(text) != text || Line(text) != line {
			t.Errorf("%q: escaping again changes %q or %q", s, line, text)
		}
		if utf8.ValidString(s) && !strings.ContainsFunc(s, Hidden) && line != s {
			t.Errorf("%q became %q", s, line)
		}
		var b bytes.Buffer
		w := NewWriter(&b)
		for rest := s; rest != ""; {
			n := min(max(size, 1), len(rest))
			if wrote, err := w.Write([]byte(rest[:n])); wrote != n || err != nil {
				t.Fatal(wrote, err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil || b.String() != text {
			t.Errorf("in pieces of %d: %q, %v; want %q", size, b.String(), err, text)
		}
	})
}

// FuzzJSON checks that a Writer leaves JSON valid, with the same value.
func FuzzJSON(f *testing.F) {
	f.Add("\x1b\x7f\u0085\u202e\u2028\U000e0041é\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var b, want bytes.Buffer
		w := NewWriter(&b)
		for _, to := range []*json.Encoder{json.NewEncoder(w), json.NewEncoder(&want)} {
			to.SetEscapeHTML(false)
			to.SetIndent("", "\t")
			if err := to.Encode(map[string]string{s: s}); err != nil {
				t.Fatal(err)
			}
		}
		var got, same map[string]string
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", b.Bytes(), err)
		}
		if err := json.Unmarshal(want.Bytes(), &same); err != nil || !reflect.DeepEqual(got, same) {
			t.Errorf("%q, want %q, %v", got, same, err)
		}
	})
}
