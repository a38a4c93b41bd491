package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestBenchOddFigures has the text of figures that a busy machine gives: none that cannot
// be, and a word to those that look so.
func TestBenchOddFigures(t *testing.T) {
	for _, c := range []struct {
		name     string
		threads  int
		handover time.Duration
		ofPeak   float64
		want, no string
	}{
		{"idle", 2, 300, 0.97, "cores                 300 ns", "can exceed 100 %"},
		{"busy", 2, 9919383, 0.97, "cores                 busy with other work", "9919383"},
		{"one thread", 1, 0, 0.97, "of peak", "cores"},
		{"above the peak", 1, 0, 1.08, "can exceed 100 %", "cores"},
	} {
		r := benchResult{Threads: c.threads, HandoverNS: plausible(c.handover).Nanoseconds(),
			Layers: []benchLayer{{Name: "conv1", GFLOPS: 100, OfPeak: c.ofPeak}}}
		var out, errs bytes.Buffer
		a := newApp(&out, &errs)
		if err := r.text(a); err != nil {
			t.Fatal(err)
		}
		if err := a.stdout.flush(); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); !strings.Contains(text, c.want) || strings.Contains(text, c.no) {
			t.Errorf("%s: want %q and not %q in\n%s", c.name, c.want, c.no, text)
		}
	}
}
