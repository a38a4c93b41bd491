// Package escape makes text from files, file names and arguments safe to print.
//
// Such text can hold what a terminal acts on: control characters that set its title,
// colours or cursor, line breaks that forge a line of the program's own, and formatting
// characters that are invisible or reverse the order in which a line is shown. They
// are replaced by what Go and JSON write for them, \x1b and \u202e. All other text, in
// any script, stays unchanged, and so does text that was escaped before.
package escape

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Hidden reports whether a character acts on a terminal or on the text around it
// instead of being seen: controls (C0, DEL, C1), line and paragraph separators, and
// format characters such as U+202E, U+200B and U+FEFF. The joiners U+200C and U+200D are
// not hidden, because Persian and emoji are spelled with them; neither are the format
// characters of Arabic that have a shape.
func Hidden(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) &&
		!unicode.In(r, unicode.Join_Control, unicode.Prepended_Concatenation_Mark)
}

// Line returns a text, such as a name, as a part of one line. Hidden characters, which
// include line breaks and tabs, and bytes that are not UTF-8 are escaped. The result
// cannot end a line comment.
func Line(s string) string { return replace(s, false) }

// Text returns a text of several lines. It is Line, except that tabs and line breaks
// (\n and \r\n) stay.
func Text(s string) string { return replace(s, true) }

// Cell returns a text, which is not a number, for a cell of a CSV file. It is Line, with
// an apostrophe before text that a spreadsheet would take for a formula.
func Cell(s string) string {
	if s != "" && strings.IndexByte("=+-@\t\r", s[0]) >= 0 {
		s = "'" + s
	}
	return Line(s)
}

// Fprintf is fmt.Fprintf with strings and errors among the arguments escaped as by Line.
// The format stays unchanged.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			args[i] = Line(arg)
		case error:
			args[i] = Line(arg.Error())
		}
	}
	return fmt.Fprintf(w, format, args...)
}

// replace escapes a text of one line or of several.
func replace(s string, lines bool) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, Hidden) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !Hidden(r) || lines && (r == '\n' || r == '\t' || strings.HasPrefix(s[i:], "\r\n")):
			b.WriteString(s[i : i+n])
		default:
			b.WriteString(escaped(r))
		}
		i += n
	}
	return b.String()
}

// escaped is one hidden character. From DEL on it is written as both Go and JSON read
// it, so that an encoded JSON text, which has no other, stays valid.
func escaped(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case r < ' ':
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
