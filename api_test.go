package resc

import (
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestNoInternalTypes keeps types of internal packages out of the public API:
// a function that takes one cannot be called from another module, and a result
// of one has no name there.
func TestNoInternalTypes(t *testing.T) {
	public, exports := exportData(t)
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	imports := importer.ForCompiler(token.NewFileSet(), "gc", lookup)
	for _, path := range public {
		p, err := imports.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range p.Scope().Names() {
			if o := p.Scope().Lookup(name); o.Exported() {
				api := api{t: t, home: p, seen: map[types.Type]bool{}}
				api.object(path+"."+name, o)
			}
		}
	}
}

// exportData compiles the module's packages and returns the paths of those
// that another module can import, and the compiler's export data of all that
// they depend on.
func exportData(t *testing.T) (public []string, exports map[string]string) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Name}} {{.Export}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	exports = map[string]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue // unsafe
		}
		path, name, file := f[0], f[1], f[2]
		exports[path] = file
		if strings.HasPrefix(path, module) && path != module && name != "main" && !isInternal(path) && top(path) != "examples" {
			public = append(public, path)
		}
	}
	if len(public) < 10 {
		t.Fatalf("only %d public packages: %v", len(public), public)
	}
	return public, exports
}

func isInternal(path string) bool {
	return strings.Contains("/"+path+"/", "/internal/")
}

// api walks what a caller of one exported name sees.
type api struct {
	t    *testing.T
	home *types.Package
	seen map[types.Type]bool
}

func (a *api) object(where string, o types.Object) {
	a.typ(where, o.Type())
	n, ok := o.Type().(*types.Named)
	if _, isType := o.(*types.TypeName); !isType || !ok {
		return
	}
	for m := range n.Methods() {
		if m.Exported() {
			a.typ(where+"."+m.Name(), m.Type())
		}
	}
	a.typ(where, n.Underlying())
}

func (a *api) typ(where string, x types.Type) {
	if a.seen[x] {
		return
	}
	a.seen[x] = true
	switch x := x.(type) {
	case *types.Alias:
		a.typ(where, types.Unalias(x))
	case *types.Named:
		if p := x.Obj().Pkg(); p != nil && strings.HasPrefix(p.Path(), module) && isInternal(p.Path()) {
			a.t.Errorf("%s mentions %s", where, x)
		}
	case *types.Pointer:
		a.typ(where, x.Elem())
	case *types.Slice:
		a.typ(where, x.Elem())
	case *types.Array:
		a.typ(where, x.Elem())
	case *types.Chan:
		a.typ(where, x.Elem())
	case *types.Map:
		a.typ(where, x.Key())
		a.typ(where, x.Elem())
	case *types.Signature:
		for v := range x.Params().Variables() {
			a.typ(where, v.Type())
		}
		for v := range x.Results().Variables() {
			a.typ(where, v.Type())
		}
	case *types.Struct:
		for f := range x.Fields() {
			if f.Exported() {
				a.typ(where+"."+f.Name(), f.Type())
			}
		}
	case *types.Interface:
		for m := range x.Methods() {
			a.typ(where+"."+m.Name(), m.Type())
		}
	}
}
