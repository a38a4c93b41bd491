package dsl

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/resc-lang/resc/internal/escape"
)

// RenderOptions say how diagnostics are printed.
type RenderOptions struct {
	Color bool
}

// Render prints diagnostics for people: place, message and code, the line with
// the place underlined, notes and hint. What a terminal would act on is escaped.
func Render(w io.Writer, ds Diagnostics, o RenderOptions) error {
	paint := func(code, s string) string {
		if !o.Color {
			return s
		}
		return "\x1b[" + code + "m" + s + "\x1b[0m"
	}
	for i, d := range ds {
		if i > 0 {
			fmt.Fprintln(w)
		}
		word := paint("1;31", "error")
		if d.Severity == Warning {
			word = paint("1;33", "warning")
		}
		fmt.Fprintf(w, "%s: %s: %s [%s]\n", paint("1", escape.Line(d.Span.String())), word, paint("1", escape.Line(d.Message)), d.Code)
		excerpt(w, d.Span, func(s string) string { return paint("31", s) })
		for _, n := range d.Notes {
			if n.Span.IsValid() {
				fmt.Fprintf(w, "%s %s (%s)\n", paint("36", "note:"), escape.Line(n.Message), escape.Line(n.Span.String()))
			} else {
				fmt.Fprintf(w, "%s %s\n", paint("36", "note:"), escape.Line(n.Message))
			}
		}
		if d.Hint != nil {
			fmt.Fprintf(w, "%s %s\n", paint("32", "hint:"), escape.Line(d.Hint.Message))
		}
	}
	if e, ok := w.(interface{ Flush() error }); ok {
		return e.Flush()
	}
	return nil
}

// excerpt prints the line of a span with the span underlined.
func excerpt(w io.Writer, s Span, paint func(string) string) {
	if !s.IsValid() || s.Source.Text == "" {
		return
	}
	const most = 160 // characters of a line
	p := s.Position()
	line := s.Source.Line(p.Line)
	width := min(s.End-s.Start, max(len(line)-(p.Column-1), 0))
	before := line[:min(p.Column-1, len(line))]
	marked := line[len(before) : len(before)+width]
	after := line[len(before)+width:]
	before, marked = escape.Text(before), escape.Text(marked)
	line = before + marked + escape.Text(after)
	if over := len(before) - most/2; len(line) > most && over > 0 {
		for !utf8.RuneStart(line[over]) {
			over++
		}
		line, before = "…"+line[over:], "…"+before[over:]
	}
	text := []rune(line)
	if len(text) > most {
		text = append(text[:most], '…')
	}
	var pad strings.Builder
	for _, r := range before {
		if r == '\t' {
			pad.WriteRune('\t')
		} else {
			pad.WriteByte(' ')
		}
	}
	carets := strings.Repeat("^", max(min(utf8.RuneCountInString(marked), most), 1))
	fmt.Fprintf(w, "%5d | %s\n      | %s%s\n", p.Line, string(text), pad.String(), paint(carets))
}

// jsonDiagnostic is a diagnostic as scripts read it.
type jsonDiagnostic struct {
	Code     Code       `json:"code"`
	Severity string     `json:"severity"`
	Message  string     `json:"message"`
	Place    jsonPlace  `json:"place"`
	Notes    []jsonNote `json:"notes,omitempty"`
	Hint     *jsonHint  `json:"hint,omitempty"`
}

type jsonPlace struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
}

type jsonNote struct {
	Message string     `json:"message"`
	Place   *jsonPlace `json:"place,omitempty"`
}

type jsonHint struct {
	Message string     `json:"message"`
	Place   *jsonPlace `json:"place,omitempty"` // what Text replaces
	Text    *string    `json:"text,omitempty"`
}

// RenderJSON prints diagnostics as one JSON array. Lines and columns count from
// 1, columns in bytes.
func RenderJSON(w io.Writer, ds Diagnostics) error {
	out := []jsonDiagnostic{}
	for _, d := range ds {
		j := jsonDiagnostic{Code: d.Code, Severity: "error", Message: d.Message, Place: *placeOf(d.Span)}
		if d.Severity == Warning {
			j.Severity = "warning"
		}
		for _, n := range d.Notes {
			note := jsonNote{Message: n.Message}
			if n.Span.IsValid() {
				note.Place = placeOf(n.Span)
			}
			j.Notes = append(j.Notes, note)
		}
		if d.Hint != nil {
			j.Hint = &jsonHint{Message: d.Hint.Message}
			if e := d.Hint.Edit; e != nil {
				j.Hint.Place, j.Hint.Text = placeOf(e.Span), &e.Text
			}
		}
		out = append(out, j)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func placeOf(s Span) *jsonPlace {
	if !s.IsValid() {
		return &jsonPlace{}
	}
	start, end := s.Position(), s.Source.Position(s.End)
	return &jsonPlace{s.Source.Name, start.Line, start.Column, end.Line, end.Column}
}

// Apply returns the text of the edit's source after the edit.
func (e *Edit) Apply() string {
	if !e.Span.IsValid() {
		return ""
	}
	text := e.Span.Source.Text
	return text[:e.Span.Start] + e.Text + text[e.Span.End:]
}
