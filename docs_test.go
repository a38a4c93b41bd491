package resc

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/docs"
)

// TestDocsGoCommands looks up the packages and tests that the go commands of the
// documentation name.
func TestDocsGoCommands(t *testing.T) {
	pages, err := docs.Pages(".")
	if err != nil {
		t.Fatal(err)
	}
	packages, tests := 0, 0
	check := func(page string, line int, words []string) {
		if len(words) < 2 || words[0] != "go" {
			return
		}
		var dirs []string
		for _, w := range words[2:] {
			if w == "./..." {
				dirs = append(dirs, w)
			} else if strings.HasPrefix(w, "./") {
				packages++
				dirs = append(dirs, w)
				if _, err := os.Stat(strings.TrimSuffix(w, "/...")); err != nil {
					t.Errorf("%s:%d: %s: %v", page, line, strings.Join(words, " "), err)
				}
			}
		}
		for _, kind := range []string{"run", "fuzz", "bench"} {
			i := slices.Index(words, "-"+kind)
			if i < 0 || words[1] != "test" || strings.EqualFold(words[i+1], "xxx") {
				continue
			}
			tests++
			if !declares(t, dirs, kind, words[i+1]) {
				t.Errorf("%s:%d: %s: there is nothing that -%s %s matches", page, line, strings.Join(words, " "), kind, words[i+1])
			}
		}
	}
	for _, p := range pages {
		for _, b := range p.Blocks() {
			for _, c := range b.Commands() {
				check(p.Path, c.Line, docs.Words(c.Text))
			}
		}
		for _, s := range p.Spans() {
			check(p.Path, s.Line, docs.Words(s.Text))
		}
	}
	if packages < 10 || tests < 10 {
		t.Errorf("only %d packages and %d names of tests were found", packages, tests)
	}
}

var declaration = regexp.MustCompile(`(?m)^func (Test|Example|Fuzz|Benchmark)(\w*)\(`)

// declares says whether a folder's tests have one that a flag of go test selects.
func declares(t *testing.T, dirs []string, kind, pattern string) bool {
	selects, err := regexp.Compile(pattern)
	if err != nil {
		return false
	}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range declaration.FindAllStringSubmatch(string(text), -1) {
				of := map[string]string{"Test": "run", "Example": "run", "Fuzz": "fuzz", "Benchmark": "bench"}[d[1]]
				if of == kind && selects.MatchString(d[1]+d[2]) {
					return true
				}
			}
		}
	}
	return false
}

// TestDocsLinks looks up the files that the documentation links to, and the
// headings within its pages.
func TestDocsLinks(t *testing.T) {
	pages, err := docs.Pages(".")
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string][]string{}
	for _, p := range pages {
		for _, l := range p.Lines {
			if h := strings.TrimLeft(l, "#"); h != l {
				headings[p.Path] = append(headings[p.Path], anchor(h))
			}
		}
	}
	n := 0
	for _, p := range pages {
		for i, line := range p.Lines {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				target, part, _ := strings.Cut(m[1], "#")
				if strings.Contains(target, "://") {
					continue
				}
				n++
				file := p.Path
				if target != "" {
					file = filepath.ToSlash(filepath.Join(filepath.Dir(p.Path), filepath.FromSlash(target)))
				}
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s:%d: %v", p.Path, i+1, err)
				}
				if part != "" && !slices.Contains(headings[file], part) {
					t.Errorf("%s:%d: %s has no heading #%s", p.Path, i+1, file, part)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d links were found", n)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	nothing = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchor is the name that GitHub gives a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(nothing.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), ""), " ", "-")
}
