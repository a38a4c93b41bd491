package main

import (
	"fmt"
	"io"

	"github.com/resc-lang/resc/internal/escape"
)

// output is standard output. It escapes what a terminal would act on, and keeps the first
// error, after which it writes nothing. Verbs need not check each line that they print.
type output struct {
	text *escape.Writer
	err  error
}

func newOutput(w io.Writer) *output { return &output{text: escape.NewWriter(w)} }

// Write writes unless a write has failed before.
func (o *output) Write(p []byte) (int, error) {
	if o.err == nil {
		_, err := o.text.Write(p)
		o.keep(err)
	}
	if o.err != nil {
		return 0, o.err
	}
	return len(p), nil
}

// flush writes what is left, and returns the first error.
func (o *output) flush() error {
	if o.err == nil {
		o.keep(o.text.Flush())
	}
	return o.err
}

func (o *output) keep(err error) {
	if err != nil {
		o.err = fmt.Errorf("writing standard output: %w", bare(err))
	}
}
