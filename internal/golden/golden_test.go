package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/golden"
)

func TestRun(t *testing.T) {
	ran := 0
	golden.Run(t, "testdata/*.txtar", func(t *golden.Test) {
		ran++
		words := 0
		for line := range strings.Lines(t.Input("in.txt")) {
			fields := strings.Fields(line)
			words += len(fields)
			slices.Reverse(fields)
			fmt.Fprintln(t.Section("reversed"), strings.Join(fields, " "))
		}
		fmt.Fprint(t.Section("count"), words)
	})
	if ran != 1 {
		t.Errorf("ran %d archives, want 1", ran)
	}
}

func TestInputs(t *testing.T) {
	golden.Run(t, "testdata/words.txtar", func(t *golden.Test) {
		if got := t.Values("note"); !slices.Equal(got, []string{"the harness reads", "values like these"}) {
			t.Errorf("Values(note) = %q", got)
		}
		if got := t.Values("absent"); got != nil {
			t.Errorf("Values(absent) = %q", got)
		}
		if inputs := t.Inputs(); len(inputs) != 2 || inputs[1].Name != "more/other.txt" {
			t.Errorf("Inputs() = %v", inputs)
		}
		if !t.HasInput("in.txt") || t.HasInput("absent") {
			t.Error("HasInput is wrong")
		}
		if !t.HasSection("count") || t.HasSection("in.txt") {
			t.Error("HasSection is wrong")
		}
		dir := t.TempDir()
		t.WriteInputs(dir)
		if text, err := os.ReadFile(filepath.Join(dir, "more", "other.txt")); err != nil || string(text) != "five\n" {
			t.Errorf("WriteInputs wrote %q, %v", text, err)
		}
	})
}
