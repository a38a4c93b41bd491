package dsl

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a diagnostic stops the compiler.
type Severity int

// The severities.
const (
	Error Severity = iota
	Warning
)

// Diagnostic is one finding about a source. It is a value: nothing prints it
// but the renderers.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Message  string
	Span     Span
	Notes    []Note
	Hint     *Hint // what would mend it, or nil
}

// Note adds a fact to a diagnostic. A note without a span stands alone.
type Note struct {
	Message string
	Span    Span
}

// Hint says what would mend a diagnostic. When Edit is set, applying it makes
// the diagnostic go away.
type Hint struct {
	Message string
	Edit    *Edit
}

// Edit replaces the text of a span.
type Edit struct {
	Span Span
	Text string
}

// Error is the diagnostic's first line: place, message and code.
func (d Diagnostic) Error() string {
	return fmt.Sprintf("%s: %s [%s]", d.Span, d.Message, d.Code)
}

// Note appends a note and returns the diagnostic.
func (d *Diagnostic) Note(span Span, format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, Note{fmt.Sprintf(format, args...), span})
	return d
}

// Hintf sets the hint and returns the diagnostic.
func (d *Diagnostic) Hintf(edit *Edit, format string, args ...any) *Diagnostic {
	d.Hint = &Hint{fmt.Sprintf(format, args...), edit}
	return d
}

// Diagnostics is a list of findings. It grows by Errorf; Sort puts it into the
// order of the source.
type Diagnostics []*Diagnostic

// Errorf appends an error and returns it, so that notes can be added.
func (ds *Diagnostics) Errorf(code Code, span Span, format string, args ...any) *Diagnostic {
	d := &Diagnostic{Code: code, Message: fmt.Sprintf(format, args...), Span: span}
	*ds = append(*ds, d)
	return d
}

// HasErrors says whether any of the findings is an error.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d *Diagnostic) bool { return d.Severity == Error })
}

// Sort puts the findings into the order of the source, file by file in the
// order of their first finding, and drops repeats.
func (ds *Diagnostics) Sort() {
	order := map[*Source]int{}
	for _, d := range *ds {
		if _, ok := order[d.Span.Source]; !ok {
			order[d.Span.Source] = len(order)
		}
	}
	slices.SortStableFunc(*ds, func(a, b *Diagnostic) int {
		return cmp.Or(cmp.Compare(order[a.Span.Source], order[b.Span.Source]), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	*ds = slices.CompactFunc(*ds, func(a, b *Diagnostic) bool {
		return a.Code == b.Code && a.Span == b.Span && a.Message == b.Message
	})
}
