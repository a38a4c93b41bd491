package check

import (
	"slices"
	"strings"

	"github.com/resc-lang/resc/dsl"
)

// Loader finds the source that an import means, and the standard library.
type Loader interface {
	// Import returns the file that path means when from imports it.
	Import(from *dsl.Source, path string) (*dsl.Source, error)
	// Std returns the standard library's files, whose blocks and policies are
	// always in scope.
	Std() []*dsl.File
}

// fileScope is the declarations that a file sees: its own, those that it
// imports, and the standard library's.
type fileScope struct {
	blocks   map[string]*blockDecl
	policies map[string]*policyDecl
	models   []*dsl.Model
	order    []*policyDecl // policies, nearest first, for hints
	std      *fileScope    // nil for the standard library itself
}

type blockDecl struct {
	*dsl.Block
	scope *fileScope
}

type policyDecl struct {
	*dsl.Policy
	scope *fileScope
}

func newFileScope(std *fileScope) *fileScope {
	return &fileScope{blocks: map[string]*blockDecl{}, policies: map[string]*policyDecl{}, std: std}
}

func (s *fileScope) block(name string) *blockDecl {
	for ; s != nil; s = s.std {
		if b := s.blocks[name]; b != nil {
			return b
		}
	}
	return nil
}

func (s *fileScope) policy(name string) *policyDecl {
	for ; s != nil; s = s.std {
		if p := s.policies[name]; p != nil {
			return p
		}
	}
	return nil
}

// policyList is every policy in scope, nearest first.
func (s *fileScope) policyList() []*policyDecl {
	var all []*policyDecl
	for ; s != nil; s = s.std {
		for _, p := range s.order {
			if !slices.ContainsFunc(all, func(q *policyDecl) bool { return q.Name.Text == p.Name.Text }) {
				all = append(all, p)
			}
		}
	}
	return all
}

func (s *fileScope) blockNames() []string {
	var names []string
	for ; s != nil; s = s.std {
		for name := range s.blocks {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s *fileScope) policyNames() []string {
	var names []string
	for _, p := range s.policyList() {
		names = append(names, p.Name.Text)
	}
	return names
}

// importer reads files and those they import.
type importer struct {
	loader Loader
	ds     *dsl.Diagnostics
	std    *fileScope
	open   []string              // names of the files being read, outermost first
	read   map[string]*fileScope // by file name
}

// declare puts a file's declarations, and its imports', into a new scope.
func (im *importer) declare(file *dsl.File) *fileScope {
	s := newFileScope(im.std)
	im.read[file.Source.Name] = s
	im.open = append(im.open, file.Source.Name)
	defer func() { im.open = im.open[:len(im.open)-1] }()
	for _, d := range file.Decls {
		if i, ok := d.(*dsl.Import); ok {
			im.bring(s, file.Source, i)
		}
	}
	own := map[string]dsl.Span{}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *dsl.Block:
			im.unique(own, d.Name)
			s.blocks[d.Name.Text] = &blockDecl{d, s}
		case *dsl.Policy:
			im.unique(own, d.Name)
			p := &policyDecl{d, s}
			s.policies[d.Name.Text] = p
			s.order = append(s.order, p)
		case *dsl.Model:
			im.unique(own, d.Name)
			s.models = append(s.models, d)
		}
	}
	return s
}

// unique reports a name that the file has declared before.
func (im *importer) unique(own map[string]dsl.Span, name dsl.Name) {
	if first, ok := own[name.Text]; ok {
		im.ds.Errorf(Duplicate, name.Span, "%s is declared twice", name.Text).Note(first, "first here")
		return
	}
	own[name.Text] = name.Span
}

// bring adds an imported file's declarations to a scope.
func (im *importer) bring(s *fileScope, from *dsl.Source, i *dsl.Import) {
	src, err := im.loader.Import(from, i.Path.Value)
	if err != nil {
		im.ds.Errorf(ImportMissing, i.Path.Span, "cannot import %q: %v", i.Path.Value, err)
		return
	}
	if slices.Contains(im.open, src.Name) {
		chain := strings.Join(append(slices.Clone(im.open), src.Name), " imports ")
		im.ds.Errorf(ImportCycle, i.Path.Span, "%q imports itself", i.Path.Value).Note(dsl.Span{}, "%s", chain)
		return
	}
	imported := im.read[src.Name]
	if imported == nil {
		file, ds := dsl.Parse(src)
		*im.ds = append(*im.ds, ds...)
		imported = im.declare(file)
	}
	for name, b := range imported.blocks {
		s.blocks[name] = b
	}
	for _, p := range imported.order {
		s.policies[p.Name.Text] = p
		s.order = append(s.order, p)
	}
}
