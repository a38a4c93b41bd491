package compiler

import "github.com/resc-lang/resc/compiler/internal/emit"

// KernelVersion is the version of runtime/kernel that emitted code is for.
const KernelVersion = 9

// File is one file of an emitted package.
type File struct {
	Name string
	Data []byte
}

// Emit prints the program as a Go package of the given name. version is resc's
// own, for the header. Equal programs give equal bytes, on every host.
func (p *Program) Emit(pkg, version string) ([]File, error) { return p.EmitEmbedding(pkg, version, "") }

// EmitEmbedding is Emit of a package that embeds the file of weights of that name
// beside its code, and opens it by its function Embedded.
func (p *Program) EmitEmbedding(pkg, version, weights string) ([]File, error) {
	emitted, err := emit.Package(p.model, p.schedule, emit.Options{Package: pkg, Version: version, Kernel: KernelVersion, Strides: p.strides(), Embed: weights})
	var files []File
	for _, f := range emitted {
		files = append(files, File(f))
	}
	return files, err
}

// strides are the outputs' distances of neighbours in pixels of the input; 0 where an
// element sees the whole image.
func (p *Program) strides() []int {
	fields := p.written.Fields()
	var strides []int
	for _, o := range p.written.Outputs {
		strides = append(strides, fields[o.Node].Stride)
	}
	return strides
}
