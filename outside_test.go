package resc

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/docs"
)

// app is the path of the module that the documentation builds.
const app = "example.com/app"

// TestOutside works in a module of its own, as the README does: with the README's
// program and commands, the examples of every public package, and all Go code of
// the documentation. Only the module's go.mod knows where this one is, and what it
// needs besides is in the cache already.
func TestOutside(t *testing.T) {
	if testing.Short() {
		t.Skip("building a module is not for a short test")
	}
	pages, err := docs.Pages(".")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	m := &outside{T: t, dir: t.TempDir(), root: root}
	m.copy("examples/photos/cat.png", "cat.png")
	m.walk(pages)
	m.emit(pages)
	public, _ := exportData(t)
	m.examples(public)
	m.code(pages, public)
	m.run("go", "vet", "./...")
	m.run("go", "test", "./api")
}

// outside is a module in a folder.
type outside struct {
	*testing.T
	dir, root string
}

// run runs a command in the module's folder and returns what it prints.
func (m *outside) run(words ...string) string {
	m.Helper()
	out, err := m.try(words)
	if err != nil && strings.Join(words, " ") == "go mod tidy" && !missing.MatchString(out) {
		// Tidying looks at the tests of what the tool imports, too, and what those
		// import need not be in the cache.
		out, err = m.try(append(words, "-e"))
	}
	if err != nil {
		m.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return out
}

// missing is an error of the go command about a package of the module itself.
var missing = regexp.MustCompile(`(?m)^\t` + app + `/\S+: `)

func (m *outside) try(words []string) (string, error) {
	var stdin io.Reader
	if n := len(words); n > 2 && words[n-2] == "<" {
		f, err := os.Open(filepath.Join(m.dir, words[n-1]))
		if err != nil {
			return "", err
		}
		defer f.Close()
		stdin, words = f, words[:n-2]
	}
	c := exec.Command(words[0], words[1:]...)
	c.Stdin = stdin
	if strings.HasPrefix(words[0], "./") {
		c.Path = filepath.Join(m.dir, words[0])
	}
	c.Dir, c.Env = m.dir, append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	return string(out), err
}

func (m *outside) write(name string, data []byte) {
	m.Helper()
	file := filepath.Join(m.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o666); err != nil {
		m.Fatal(err)
	}
}

func (m *outside) copy(from, to string) {
	m.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		m.Fatal(err)
	}
	m.write(to, data)
}

// walk does what the README's section about a project of one's own says, in its
// order.
func (m *outside) walk(pages []*docs.Page) {
	const section = "In a project of your own"
	steps := 0
	for _, b := range pages[slices.IndexFunc(pages, func(p *docs.Page) bool { return p.Path == "README.md" })].Blocks() {
		if b.Section != section {
			continue
		}
		if b.Language == "go" {
			m.write("main.go", []byte(b.Text()))
			steps++
		}
		for _, c := range b.Commands() {
			out := m.run(docs.Words(c.Text)...)
			if want := strings.Join(c.Output, "\n"); c.Output != nil && strings.TrimSpace(out) != want {
				m.Errorf("%s:%d: %s prints %q, not %q", b.Page.Path, c.Line, c.Text, out, want)
			}
			if strings.HasPrefix(c.Text, "go mod init") {
				m.run("go", "mod", "edit", "-require", module+"@v0.1.0", "-replace", module+"="+m.root)
			}
			steps++
		}
	}
	if steps < 6 {
		m.Errorf("README.md has only %d steps under %q", steps, section)
	}
}

// emit makes the packages that the documentation's other code is about.
func (m *outside) emit(pages []*docs.Page) {
	m.run("go", "tool", "resc", "build", "std/resnet50")
	for _, p := range pages {
		for _, b := range p.Blocks() {
			for _, c := range b.Commands() {
				if command, ok := strings.CutPrefix(c.Text, "//go:generate "); ok {
					m.run(docs.Words(command)...)
				}
			}
		}
	}
}

// examples copies the examples of the public packages into one package.
func (m *outside) examples(public []string) {
	for _, p := range public {
		name := path.Base(p)
		file := filepath.Join(filepath.FromSlash(strings.TrimPrefix(p, module+"/")), "example_test.go")
		data, err := os.ReadFile(file)
		if err != nil {
			m.Errorf("package %s has no examples: %v", name, err)
			continue
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, data, parser.ParseComments)
		if err != nil {
			m.Fatal(err)
		}
		f.Name.Name = "api_test"
		rename(f, name)
		var text strings.Builder
		if err := format.Node(&text, set, f); err != nil {
			m.Fatal(err)
		}
		m.write("api/"+name+"_test.go", []byte(text.String()))
	}
	m.write("api/api.go", []byte("// Package api tests the public API.\npackage api\n"))
}

// rename appends a word to each name that a file declares, so that files of
// several packages can be one package.
func rename(f *ast.File, word string) {
	own := map[string]bool{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			own[d.Name.Name] = d.Recv == nil
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					own[s.Name.Name] = true
				case *ast.ValueSpec:
					own[s.Names[0].Name] = true
				}
			}
		}
	}
	selected := map[*ast.Ident]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			selected[n.Sel] = true
		case *ast.Ident:
			if own[n.Name] && !selected[n] {
				n.Name += "_" + word
			}
		}
		return true
	})
}

// code writes the Go code of the documentation into packages: programs unchanged,
// functions with the imports that they need. What has no function must be quoted, word
// for word, from what the module has already.
func (m *outside) code(pages []*docs.Page, public []string) {
	present := m.present()
	n := 0
	for _, p := range pages {
		for _, b := range p.Blocks() {
			text := b.Text()
			if b.Language != "go" || strings.Contains(present, text) {
				continue
			}
			n++
			switch {
			case strings.Contains("\n"+text, "\npackage "):
			case strings.Contains("\n"+text, "\nfunc "):
				text = m.withImports(text, public)
			default:
				m.Errorf("%s:%d: no emitted package has this:\n%s", p.Path, b.Line, text)
				continue
			}
			m.write("docs/"+strings.TrimSuffix(path.Base(p.Path), ".md")+"/"+string(rune('a'+n))+"/code.go", []byte(text))
		}
	}
}

// present is the text of all packages that the module has so far: the README's
// program, and those that resc emitted.
func (m *outside) present() string {
	program, _ := filepath.Glob(filepath.Join(m.dir, "*.go"))
	files, err := filepath.Glob(filepath.Join(m.dir, "*", "*.go"))
	if err != nil || len(program) == 0 || len(files) == 0 {
		m.Fatal("there is no code in the module: ", err)
	}
	files = append(files, program...)
	var text strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			m.Fatal(err)
		}
		text.Write(data)
	}
	return text.String()
}

// withImports is functions as a file, which imports the packages that it names.
func (m *outside) withImports(text string, public []string) string {
	const clause = "// Package fragment is a part of the documentation.\npackage fragment\n\n"
	f, err := parser.ParseFile(token.NewFileSet(), "fragment.go", clause+text, 0)
	if err != nil {
		m.Errorf("this is neither a program nor functions: %v\n%s", err, text)
		return clause
	}
	imports := map[string]string{"resnet50": app + "/resnet50"}
	for _, p := range append([]string{"bytes", "fmt", "image", "log", "os"}, public...) {
		imports[path.Base(p)] = p
	}
	lines := ""
	for _, x := range f.Unresolved {
		if p, ok := imports[x.Name]; ok {
			lines += "import \"" + p + "\"\n"
			delete(imports, x.Name)
		}
	}
	return clause + lines + text
}
