package escape

import (
	"io"
	"unicode/utf8"
)

// Writer escapes what is written to another writer, as Text does. Encoded JSON stays
// valid JSON with the same values.
type Writer struct {
	to   io.Writer
	rest []byte // the beginning of a character or of \r\n
}

// NewWriter returns a Writer to w. Its owner calls Flush at the end.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Write writes all complete characters. On an error it reports that nothing was written.
func (w *Writer) Write(p []byte) (int, error) {
	text := append(w.rest, p...)
	n := complete(text)
	w.rest = append([]byte(nil), text[n:]...)
	if n == 0 {
		return len(p), nil
	}
	if _, err := w.to.Write([]byte(Text(string(text[:n])))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what was kept for the rest of its character.
func (w *Writer) Flush() error {
	if len(w.rest) == 0 {
		return nil
	}
	text := Text(string(w.rest))
	w.rest = nil
	_, err := w.to.Write([]byte(text))
	return err
}

// complete is the length of a text without the beginning of a character, or \r, at its
// end.
func complete(text []byte) int {
	if n := len(text); n > 0 && text[n-1] == '\r' {
		return n - 1
	}
	for i := len(text) - 1; i >= 0 && i >= len(text)-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRune(text[i:]) {
				return i
			}
			break
		}
	}
	return len(text)
}
