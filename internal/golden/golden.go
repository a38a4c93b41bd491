// Package golden runs tests whose inputs and expected outputs share one txtar
// archive.
//
// The archive's comment says why the test exists; files named out/NAME are
// expected outputs, every other file is an input:
//
//	A downsampling bottleneck projects its shortcut.
//	-- in.res --
//	block b(width) { … }
//	-- out/ir --
//	%1 = conv …
//
// A test writes what it sees into sections, and each is compared with the file
// of that name:
//
//	golden.Run(t, "testdata/*.txtar", func(t *golden.Test) {
//		fmt.Fprintln(t.Section("ir"), lower(t.Input("in.res")))
//	})
//
// Several tests, of several packages too, may each own sections of one archive;
// no test looks at sections it did not ask for. go test -update rewrites the
// sections that a test writes and leaves the rest of the archive as it is.
package golden

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected outputs of golden tests")

// Update reports whether the tests were asked to rewrite their expectations,
// for tests with expectations of another form.
func Update() bool { return *update }

// Test is one archive under test. It serves one goroutine.
type Test struct {
	*testing.T
	Path    string // of the archive
	archive *txtar.Archive
	out     outputs
}

// Run runs test over each archive that matches pattern, as a subtest named for
// the file. It fails where no archive matches, where a written section is
// missing from the archive, and where the two differ.
func Run(t *testing.T, pattern string, test func(t *Test)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatalf("golden: %q: %v", pattern, err)
	}
	if len(paths) == 0 {
		t.Fatalf("golden: no archive matches %q", pattern)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			g := &Test{T: t, Path: path, archive: archive}
			test(g)
			if !t.Failed() && !t.Skipped() {
				g.finish()
			}
		})
	}
}

// finish compares what the test wrote, or writes it down.
func (t *Test) finish() {
	if *update {
		if err := t.out.rewrite(t.Path); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, problem := range t.out.compare(t.archive) {
		t.Errorf("%s: %s", t.Path, problem)
	}
}

// Comment is the text above the archive's first file.
func (t *Test) Comment() string { return string(t.archive.Comment) }

// Values returns what follows "#key:" in the comment's lines, one value a line,
// as in "#set: depth=20".
func (t *Test) Values(key string) []string {
	var values []string
	for line := range strings.Lines(t.Comment()) {
		if value, ok := strings.CutPrefix(line, "#"+key+":"); ok {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// Inputs returns the archive's input files in order.
func (t *Test) Inputs() []txtar.File {
	var inputs []txtar.File
	for _, f := range t.archive.Files {
		if !strings.HasPrefix(f.Name, outPrefix) {
			inputs = append(inputs, f)
		}
	}
	return inputs
}

// HasInput reports whether the archive has an input file of that name.
func (t *Test) HasInput(name string) bool { return find(t.archive, name) != nil }

// Input returns the text of an input file, and ends the test where the archive
// has none of that name.
func (t *Test) Input(name string) string {
	t.Helper()
	f := find(t.archive, name)
	if f == nil {
		t.Fatalf("%s: no input file -- %s --", t.Path, name)
	}
	return string(f.Data)
}

// WriteInputs writes the input files below dir, for code that reads from disk.
func (t *Test) WriteInputs(dir string) {
	t.Helper()
	for _, f := range t.Inputs() {
		if !filepath.IsLocal(f.Name) {
			t.Fatalf("%s: input %q leaves its directory", t.Path, f.Name)
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Section returns the writer of the output section out/name, the same one each
// time. A section that is asked for and left empty must be empty in the archive.
// A newline is added to text that does not end in one, as txtar cannot say
// otherwise.
func (t *Test) Section(name string) io.Writer { return t.out.section(name) }

// HasSection reports whether the archive expects out/name, for tests that an
// archive opts into by having their section.
func (t *Test) HasSection(name string) bool { return find(t.archive, outPrefix+name) != nil }

// Own declares that every section whose name starts with prefix is this test's:
// one in the archive that the test does not write is an error, and -update
// removes it.
func (t *Test) Own(prefix string) { t.out.owned = append(t.out.owned, prefix) }

// find returns the archive's file of that name, or nil.
func find(a *txtar.Archive, name string) *txtar.File {
	for i := range a.Files {
		if a.Files[i].Name == name {
			return &a.Files[i]
		}
	}
	return nil
}

// outputs collects the sections that a test writes, in order.
type outputs struct {
	names []string
	text  map[string]*bytes.Buffer
	owned []string
}

// section returns the buffer of a section.
func (o *outputs) section(name string) *bytes.Buffer {
	if b, ok := o.text[name]; ok {
		return b
	}
	if o.text == nil {
		o.text = make(map[string]*bytes.Buffer)
	}
	b := new(bytes.Buffer)
	o.names = append(o.names, name)
	o.text[name] = b
	return b
}
