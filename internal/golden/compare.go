package golden

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"
)

// outPrefix starts the names of expected outputs.
const outPrefix = "out/"

// compare says how the written sections differ from the archive's, one problem
// for each section.
func (o *outputs) compare(a *txtar.Archive) []string {
	var problems []string
	for _, name := range o.names {
		got := withNewline(o.text[name].Bytes())
		want := find(a, outPrefix+name)
		switch {
		case want == nil:
			problems = append(problems, fmt.Sprintf("no section -- out/%s -- (run with -update to add it); the test wrote\n%s", name, got))
		case !bytes.Equal(want.Data, got):
			problems = append(problems, fmt.Sprintf("section differs (-update accepts it)\n%s", diff.Diff("want out/"+name, want.Data, "got out/"+name, got)))
		}
	}
	for _, name := range o.stale(a) {
		problems = append(problems, fmt.Sprintf("section -- %s -- was not written (-update removes it)", name))
	}
	return problems
}

// stale lists the archive's files that this test owns and did not write.
func (o *outputs) stale(a *txtar.Archive) []string {
	var names []string
	for _, f := range a.Files {
		name, isOut := strings.CutPrefix(f.Name, outPrefix)
		owned := slices.ContainsFunc(o.owned, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if isOut && owned && o.text[name] == nil {
			names = append(names, f.Name)
		}
	}
	return names
}

// rewrite puts the written sections into the archive at path: in place where it
// has them, at its end where it does not. The file is read anew, since another
// test may have rewritten sections of its own.
func (o *outputs) rewrite(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	a := txtar.Parse(old)
	for _, name := range o.names {
		text := withNewline(o.text[name].Bytes())
		if inner := txtar.Parse(text); len(inner.Files) > 0 {
			return fmt.Errorf("golden: out/%s contains the txtar marker -- %s --", name, inner.Files[0].Name)
		}
		if f := find(a, outPrefix+name); f != nil {
			f.Data = text
		} else {
			a.Files = append(a.Files, txtar.File{Name: outPrefix + name, Data: text})
		}
	}
	stale := o.stale(a)
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return slices.Contains(stale, f.Name) })
	text := txtar.Format(a)
	if bytes.Equal(text, old) {
		return nil
	}
	return os.WriteFile(path, text, 0o644)
}

// withNewline ends text that is not empty with a newline.
func withNewline(text []byte) []byte {
	if len(text) == 0 || text[len(text)-1] == '\n' {
		return text
	}
	return append(slices.Clip(text), '\n')
}
