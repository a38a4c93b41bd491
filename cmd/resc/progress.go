package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bar shows on a terminal how far long work has come. The bar of nothing is
// silent.
type bar struct {
	w     io.Writer // nil: nobody looks
	of    int
	start time.Time
	last  time.Time
	shown int // characters on the line
}

// newBar begins a bar for a number of steps: on a terminal only, and where results
// are printed as they come, not on the same one, as they show enough.
func (a *app) newBar(of int, results bool) *bar {
	b := &bar{of: of, start: time.Now()}
	if a.terminal && of > 1 && !(results && a.stdoutTerminal) {
		b.w = a.screen
	}
	return b
}

// set says how many steps are done. The line is drawn ten times a second at most.
func (b *bar) set(done int) {
	now := time.Now()
	if b.w == nil || now.Sub(b.last) < 100*time.Millisecond {
		return
	}
	b.last = now
	line := progressLine(done, b.of, now.Sub(b.start))
	fmt.Fprintf(b.w, "\r%-*s", b.shown, line)
	b.shown = len(line)
}

// clear takes the line away, until the next set.
func (b *bar) clear() {
	if b.w != nil && b.shown > 0 {
		fmt.Fprintf(b.w, "\r%*s\r", b.shown, "")
		b.shown, b.last = 0, time.Time{}
	}
}

// progressLine is a line of fewer than 80 characters.
func progressLine(done, of int, took time.Duration) string {
	const width = 30
	full := width * done / max(of, 1)
	line := fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat(" ", width-full), done, of)
	if done > 0 && took > 0 {
		rate := float64(done) / took.Seconds()
		left := time.Duration(float64(of-done) / rate * float64(time.Second)).Round(time.Second)
		line += fmt.Sprintf(", %.1f/s, %v left", rate, left)
	}
	return line
}
