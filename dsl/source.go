package dsl

import (
	"fmt"
	"sort"
	"strings"
)

// Source is one .res file: its name as the user knows it, and its text.
type Source struct {
	Name string
	Text string

	lines []int // offset of the start of each line
}

// NewSource returns a source and indexes its lines.
func NewSource(name, text string) *Source {
	s := &Source{Name: name, Text: text, lines: []int{0}}
	for i := range text {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// Position is a place in a source: line and column count from 1, the column in
// bytes, as Go's tools do.
type Position struct{ Line, Column int }

// Position returns the place of a byte offset.
func (s *Source) Position(offset int) Position {
	if s == nil || len(s.lines) == 0 {
		return Position{}
	}
	line := sort.SearchInts(s.lines, offset+1)
	return Position{line, offset - s.lines[line-1] + 1}
}

// Line returns the text of a line, counted from 1, without its end.
func (s *Source) Line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	rest := s.Text[s.lines[n-1]:]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimSuffix(rest, "\r")
}

// Span is a range of bytes in a source. The zero Span is nowhere.
type Span struct {
	Source     *Source
	Start, End int
}

// IsValid says whether the span is in a source.
func (s Span) IsValid() bool { return s.Source != nil }

// Position is where the span starts.
func (s Span) Position() Position { return s.Source.Position(s.Start) }

// Text is what the span covers.
func (s Span) Text() string {
	if s.Source == nil {
		return ""
	}
	return s.Source.Text[s.Start:s.End]
}

// To returns the span from the start of s to the end of t.
func (s Span) To(t Span) Span { return Span{s.Source, s.Start, t.End} }

// String is the place as editors read it: file:line:column.
func (s Span) String() string {
	if s.Source == nil {
		return "-"
	}
	p := s.Position()
	return fmt.Sprintf("%s:%d:%d", s.Source.Name, p.Line, p.Column)
}
