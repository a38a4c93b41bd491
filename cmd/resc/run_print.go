package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/runtime"
)

// printer prints the likeliest classes of images, one image a call.
type printer interface {
	print(name string, classes []runtime.Class) error
	// fail prints why an image has no classes, where the format has a place for it.
	fail(name string, err error) error
}

func newPrinter(format string, w io.Writer) printer {
	switch format {
	case "json":
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return jsonPrinter{e}
	case "csv":
		return &csvPrinter{w: csv.NewWriter(w)}
	}
	return textPrinter{w}
}

type textPrinter struct{ w io.Writer }

func (p textPrinter) print(name string, classes []runtime.Class) error {
	b := &strings.Builder{}
	fmt.Fprintln(b, escape.Line(name))
	width := 0
	for _, c := range classes {
		width = max(width, utf8.RuneCountInString(escape.Line(c.Name)))
	}
	for _, c := range classes {
		escape.Fprintf(b, "  %-*s  %6.2f %%\n", width, c.Name, 100*c.Probability)
	}
	_, err := io.WriteString(p.w, b.String())
	return err
}

func (p textPrinter) fail(string, error) error { return nil }

// jsonPrinter prints an object a line.
type jsonPrinter struct{ e *json.Encoder }

func (p jsonPrinter) print(name string, classes []runtime.Class) error {
	return p.e.Encode(struct {
		File    string          `json:"file"`
		Classes []runtime.Class `json:"classes"`
	}{name, classes})
}

func (p jsonPrinter) fail(name string, err error) error {
	return p.e.Encode(struct {
		File  string `json:"file"`
		Error string `json:"error"`
	}{name, err.Error()})
}

// csvPrinter prints a line for each class of an image, below a heading. Names are escaped,
// and begin with an apostrophe where a spreadsheet would take them for formulas.
type csvPrinter struct {
	w      *csv.Writer
	headed bool
}

func (p *csvPrinter) print(name string, classes []runtime.Class) error {
	if !p.headed {
		p.headed = true
		p.w.Write([]string{"file", "rank", "class", "index", "probability"})
	}
	for i, c := range classes {
		p.w.Write([]string{escape.Cell(name), strconv.Itoa(i + 1), escape.Cell(c.Name), strconv.Itoa(c.Index), strconv.FormatFloat(c.Probability, 'g', -1, 64)})
	}
	p.w.Flush()
	return p.w.Error() // of any write before
}

func (p *csvPrinter) fail(string, error) error { return nil }
