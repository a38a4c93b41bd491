package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pytorch "github.com/resc-lang/resc/internal/fixture/reference"
)

// TestEvalCIFAR evaluates the weights that ship on 600 images, of which PyTorch
// gets 534 right. The images may not be part of this project.
func TestEvalCIFAR(t *testing.T) {
	dir := pytorch.Path(t, "data", "cifar")
	for _, data := range []string{"labels.csv", "images"} {
		var stdout, stderr bytes.Buffer
		if status := run([]string{"eval", "std/cifar_resnet", filepath.Join(dir, data)}, &stdout, &stderr); status != 0 {
			t.Fatalf("status %d: %s", status, stderr.String())
		}
		if !strings.Contains(stdout.String(), "\ntop-1      89.00 %, 534 of 600\n") {
			t.Errorf("%s: %s", data, stdout.String())
		}
	}
}

// copies writes a picture n times into a class folder.
func copies(t *testing.T, n int) string {
	t.Helper()
	data, err := os.ReadFile("../../internal/picture/testdata/rgb.png")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "cat"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, "cat", fmt.Sprintf("%03d.png", i)), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// interrupter is a stream on which something is seen that makes a user press
// Ctrl-C.
type interrupter struct {
	bytes.Buffer
	at     int // lines
	cancel func()
}

func (w *interrupter) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Count(w.String(), "\n") >= w.at {
		w.cancel()
	}
	return n, err
}

// TestRunInterrupted finds what was done printed, in order and in whole lines.
func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdout := &interrupter{at: 20, cancel: cancel}
	c := &runCmd{modelArgs: modelArgs{Model: "std/cifar_resnet"}, Images: []string{copies(t, 300)}, Top: 1, Crops: 1, Threads: 2, Format: "json"}
	a := newApp(stdout, io.Discard)
	a.ctx = ctx
	if err := c.Run(a); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	lines := strings.SplitAfter(stdout.String(), "\n")
	if n := len(lines) - 1; n < 20 || n > 40 || lines[n] != "" {
		t.Errorf("%d lines", n)
	}
	for i, line := range lines[:len(lines)-1] {
		if !strings.Contains(line, fmt.Sprintf("%03d.png", i)) {
			t.Errorf("line %d: %s", i, line)
		}
	}
}

// TestEvalInterrupted finds a report that says that it is of a part.
func TestEvalInterrupted(t *testing.T) {
	dir := copies(t, 300)
	if err := os.WriteFile(filepath.Join(dir, "cat", "025.png"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stderr := &interrupter{at: 1, cancel: cancel}
	var stdout bytes.Buffer
	c := &evalCmd{modelArgs: modelArgs{Model: "std/cifar_resnet"}, Data: dir, Crops: 1, Threads: 2, Format: "text"}
	a := newApp(&stdout, stderr)
	a.ctx = ctx
	if err := c.Run(a); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	var done, of int
	if _, rest, _ := strings.Cut(stdout.String(), ": PARTIAL, "); rest != "" {
		fmt.Sscanf(rest, "%d of %d", &done, &of)
	}
	if done < 25 || done > 45 || of != 300 || !strings.Contains(stdout.String(), ", 1 broken\n") {
		t.Errorf("%s", stdout.String())
	}
}

// TestBar draws on a terminal and clears what it drew.
func TestBar(t *testing.T) {
	var w bytes.Buffer
	a := &app{terminal: true, screen: &w}
	synctest.Test(t, func(t *testing.T) { // where the clock stands still but for Sleep
		b := a.newBar(40, false)
		time.Sleep(2 * time.Second)
		b.set(10)
		b.set(11) // too soon to be drawn
		b.clear()
	})
	if got := w.String(); !strings.HasPrefix(got, "\r[#######                       ] 10 of 40, ") || strings.Contains(got, "11 of 40") || !strings.HasSuffix(got, " \r") {
		t.Errorf("%q", got)
	}
	w.Reset()
	for _, silent := range []*bar{(&app{screen: &w}).newBar(40, false), (&app{terminal: true, stdoutTerminal: true, screen: &w}).newBar(40, true), a.newBar(1, false)} {
		silent.set(1)
		silent.clear()
	}
	if w.Len() > 0 {
		t.Errorf("%q", w.String())
	}
	if line := progressLine(123456, 1281167, time.Hour); len(line) >= 80 {
		t.Errorf("%d characters: %s", len(line), line)
	}
}
