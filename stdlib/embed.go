// Package stdlib is the standard library: the networks of the literature,
// their blocks and shortcut policies, written in the language itself. A network
// is addressed as std/NAME; blocks and policies are in scope everywhere.
package stdlib

import (
	"embed"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/resc-lang/resc/dsl"
)

//go:embed *.res *.safetensors
var files embed.FS

// Prefix stands before the name of a file of the standard library.
const Prefix = "std/"

// Source returns the file of a network, by its name without std/ and without
// .res.
func Source(name string) (*dsl.Source, bool) {
	text, err := files.ReadFile(name + ".res")
	if err != nil || path.Base(name) != name {
		return nil, false
	}
	return dsl.NewSource(Prefix+name+".res", string(text)), true
}

// Weights returns a file of weights that ships with a network.
func Weights(name string) ([]byte, error) { return files.ReadFile(name) }

// Names lists the files of the library, without .res, in alphabetical order.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // an embedded directory is always there
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".res"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Shared returns the parsed files whose blocks and policies are in scope
// everywhere. They are parsed once; the tree must not be changed.
var Shared = sync.OnceValue(func() []*dsl.File {
	var shared []*dsl.File
	for _, name := range []string{"policies", "blocks"} {
		src, _ := Source(name)
		file, _ := dsl.Parse(src)
		shared = append(shared, file)
	}
	return shared
})

// Models lists the networks: the files that declare one.
var Models = sync.OnceValue(func() []string {
	var models []string
	for _, name := range Names() {
		src, _ := Source(name)
		file, _ := dsl.Parse(src)
		if slices.ContainsFunc(file.Decls, func(d dsl.Decl) bool { _, ok := d.(*dsl.Model); return ok }) {
			models = append(models, name)
		}
	}
	return models
})
