package resc

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/resc-lang/resc"

// may says what each part of the project may import of the others. runtime,
// with the emitted code that links against it, knows nothing of the compiler.
var may = map[string][]string{
	"dsl":        {"internal/escape"},
	"stdlib":     {"dsl"},
	"compiler":   {"dsl", "stdlib", "runtime", "internal"},
	"checkpoint": {"runtime", "internal"},
	"runtime":    {"internal/source"},
	"cmd":        {"checkpoint", "compiler", "dsl", "stdlib", "runtime", "internal"},
	"bench":      {"compiler", "runtime", "internal"},
	"examples":   {"compiler", "runtime", "examples"},
	"internal":   {"runtime"},
}

// TestImports keeps the direction in which the parts depend on each other, and
// runtime free of modules besides golang.org/x/sys.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		part := top(p.ImportPath)
		allowed, known := may[part]
		if part == "" {
			continue
		}
		if !known {
			t.Errorf("%s: which packages may it import?", p.ImportPath)
		}
		for _, i := range p.Imports {
			exact := strings.TrimPrefix(i, module+"/")
			switch to := top(i); {
			case to == "" && part == "runtime" && strings.Contains(i, ".") && !strings.HasPrefix(i, "golang.org/x/sys/"):
				t.Errorf("%s imports %s", p.ImportPath, i)
			case to == "" || to == part:
			case !contains(allowed, to) && !contains(allowed, exact):
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
			backEnd := []string{module + "/compiler/internal/plan", module + "/compiler/internal/emit", module + "/compiler/internal/exec"}
			if strings.HasPrefix(i, module+"/runtime/kernel") && part == "compiler" && !contains(backEnd, p.ImportPath) {
				t.Errorf("%s imports the kernels; of the compiler only plan, emit and exec do", p.ImportPath)
			}
		}
	}
}

// top is the part of the project that a package belongs to, or "".
func top(path string) string {
	rest, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	part, _, _ := strings.Cut(rest, "/")
	return part
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// TestFileSizes keeps hand-written files to one topic each.
func TestFileSizes(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "out" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := strings.Count(string(data), "\n"); n > 500 && !strings.Contains(string(data[:200]), "Code generated") {
			t.Errorf("%s has %d lines: what does it hide?", path, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
