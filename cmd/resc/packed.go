package main

import (
	"io"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/packed"
)

// isPacked says whether a file begins as packed weights do.
func isPacked(path string) bool {
	f, err := source.Regular(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, len(packed.Magic))
	_, err = io.ReadFull(f, start)
	return err == nil && string(start) == packed.Magic
}

// follow takes the memory choice of a file of packed weights, unless the command
// line makes one.
func (m *modelArgs) follow(path string) {
	if !isPacked(path) || m.Memory != "" {
		return
	}
	w, err := runtime.OpenWeights(path)
	if err != nil {
		return // whoever opens it again says what is wrong
	}
	defer w.Close()
	if index, _ := w.Packed(); index.Memory == string(compiler.Small) {
		m.Memory = index.Memory
	}
}

// network loads the weights of a file, packed or a checkpoint, or else those that
// come with the model.
func (m *modelArgs) network(a *app, p *compiler.Program, path string, fit fitFlags) (*compiler.Network, error) {
	if isPacked(path) {
		w, err := runtime.OpenWeights(path)
		if err != nil {
			return nil, err
		}
		n, err := p.Open(w)
		if err != nil {
			w.Close()
		}
		return n, err
	}
	file, err := m.openWeights(a, p, path, fit)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return p.Load(file)
}
