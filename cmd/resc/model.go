package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// modelArgs say which model a verb is about.
type modelArgs struct {
	Model  string `arg:"" help:"Path to a .res file, std/NAME, or - for standard input."`
	Memory string `enum:",fast,small" default:"" placeholder:"CHOICE" help:"fast, or small: packed weights no larger than the checkpoint's in float32, now and later, and slower 3x3 convolutions; by default that of packed weights, and otherwise fast."`
	overrides
	source  *dsl.Source // read once, as it may be a pipe
	Outputs []string    `placeholder:"NAME=VALUE" help:"Replace the model's outputs by values inside of it, as in c3=layer2,embedding=avgpool; what they do not need is not computed."`
}

// overrides change what a model's file says.
type overrides struct {
	Set   map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"Override a parameter of the model; repeatable."`
	Shape string            `placeholder:"NxCxHxW" help:"Replace the declared input."`
}

// outputs reads --outputs: NAME=VALUE, or a value that keeps its name.
func (m *modelArgs) outputs() ([]compiler.Output, error) {
	var outputs []compiler.Output
	for _, s := range m.Outputs {
		name, value, renamed := strings.Cut(s, "=")
		if !renamed {
			value = name
		}
		if name == "" || value == "" {
			return nil, usagef("--outputs %s: an output is written NAME=VALUE, as in c3=layer2", s)
		}
		outputs = append(outputs, compiler.Output{Name: name, Value: value})
	}
	return outputs, nil
}

// parseShape reads NxCxHxW or CxHxW.
func parseShape(s string) ([]int, error) {
	if s == "" {
		return nil, nil
	}
	parts := strings.Split(s, "x")
	var shape []int
	for _, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 || n > 1<<20 {
			return nil, usagef("--shape %s: a shape is written NxCxHxW, each at least 1", s)
		}
		shape = append(shape, n)
	}
	if len(shape) != 3 && len(shape) != 4 {
		return nil, usagef("--shape %s: a shape has three or four sizes, as in 1x3x224x224", s)
	}
	return shape, nil
}

// load reads the model's source, once.
func (m *modelArgs) load(ctx context.Context) (*dsl.Source, error) {
	if m.source == nil {
		src, err := load(ctx, m.Model)
		if err != nil {
			return nil, err
		}
		m.source = src
	}
	return m.source, nil
}

// compile loads and compiles the model. Diagnostics go to stderr.
func (m *modelArgs) compile(a *app) (*compiler.Program, error) {
	shape, err := parseShape(m.Shape)
	if err != nil {
		return nil, err
	}
	return m.compileShape(a, shape)
}

func (m *modelArgs) compileShape(a *app, shape []int) (*compiler.Program, error) {
	outputs, err := m.outputs()
	if err != nil {
		return nil, err
	}
	return m.compileOptions(a, compiler.Options{Set: m.Set, Shape: shape, Outputs: outputs}, true)
}

// compileOptions compiles the model as the options say, with its diagnostics shown
// or only its errors.
func (m *modelArgs) compileOptions(a *app, o compiler.Options, show bool) (*compiler.Program, error) {
	src, err := m.load(a.ctx)
	if err != nil {
		return nil, err
	}
	o.Memory = compiler.Memory(m.Memory)
	p, ds := compiler.Compile(src, o)
	if len(ds) > 0 && (show || p == nil) {
		if err := a.report(ds); err != nil {
			return nil, err
		}
	}
	if p == nil {
		return nil, errReported
	}
	return p, nil
}

// madeUp is weights for a model that follow from their names alone.
func madeUp(p *compiler.Program) *safetensors.File {
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	return fixture.Checkpoint(ws)
}
