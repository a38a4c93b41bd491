package resc

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/resc-lang/resc/compiler"
)

// figure finds a number in a page of the documentation: what the parentheses of a pattern
// match, words apart by any blanks.
func figure(t *testing.T, page, pattern string) float64 {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(strings.ReplaceAll(pattern, " ", `\s+`)).FindAllStringSubmatch(string(text), -1)
	if len(all) != 1 {
		t.Fatalf("%s: %q is there %d times, want once", page, pattern, len(all))
	}
	number, err := strconv.ParseFloat(strings.ReplaceAll(all[0][1], ",", ""), 64)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// TestDocsFigures holds figures in sentences of the documentation to what they are of.
// Those of shown output are TestDocsOutput's, and measured ones those of their records.
func TestDocsFigures(t *testing.T) {
	lines := 0.0
	files, err := network(t, "resnet152").Emit("resnet152", "v0.0.0")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		lines += float64(bytes.Count(f.Data, []byte("\n")))
	}
	if said := figure(t, "docs/decisions.md", `ResNet-152 is about ([\d,]+) lines`); lines < 0.95*said || lines > 1.05*said {
		t.Errorf("ResNet-152 is emitted as %v lines, and docs/decisions.md says about %v", lines, said)
	}
	arena := float64(network(t, "resnet50").Report().ArenaBytes) / 1e6
	if said := figure(t, "docs/decisions.md", `ResNet-50 needs ([\d.]+) MB`); arena < said-0.05 || arena > said+0.05 {
		t.Errorf("ResNet-50 needs %v MB, and docs/decisions.md says %v", arena, said)
	}
}

// network compiles a network of the standard library.
func network(t *testing.T, name string) *compiler.Program {
	t.Helper()
	src, err := compiler.Load("std/" + name)
	if err != nil {
		t.Fatal(err)
	}
	p, ds := compiler.Compile(src, compiler.Options{})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	return p
}

// TestBinarySize holds the README to the size that it promises for a program with a
// ResNet-50 in it.
func TestBinarySize(t *testing.T) {
	if testing.Short() {
		t.Skip("linking a program is not for a short test")
	}
	file := filepath.Join(t.TempDir(), "resnet50")
	c := exec.Command("go", "build", "-ldflags=-s -w", "-o", file, "./examples/resnet50")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	limit := figure(t, "README.md", `binary with ResNet-50 has less than ([\d.]+) MB`)
	if size := float64(info.Size()) / 1e6; size >= limit || size < limit-1 {
		t.Errorf("the program has %.2f MB, and the README promises less than %v", size, limit)
	}
}
