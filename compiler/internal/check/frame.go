package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// frame is where statements run: a model, an instance of a block, a policy or
// a group, with the names that they see.
type frame struct {
	*checker
	file   *fileScope
	params params
	scope  *ir.Scope
	prefix string              // of weight names
	input  *ir.Node            // what the block was given
	names  map[string]*ir.Node // labels and "as"
	labels *labels
	policy *policyDecl // in force here, or nil

	// stride is the product of strides from the block's input to a value.
	stride map[*ir.Node]int

	blocks []string // blocks being instantiated, outermost first
}

// labels are what is taken under one prefix of weight names, and how many
// blocks each stage has.
type labels struct {
	used   map[string]dsl.Span
	blocks map[string]int
}

func newLabels() *labels {
	return &labels{used: map[string]dsl.Span{}, blocks: map[string]int{}}
}

// bad is a value whose making has been reported; what is made of it is bad too.
var bad = &ir.Node{}

// errorf reports an error once for each place in the source, with the chain of
// instantiation.
func (f *frame) errorf(code dsl.Code, span dsl.Span, format string, args ...any) *dsl.Diagnostic {
	key := place{code, span}
	if f.reported[key] {
		return &dsl.Diagnostic{}
	}
	f.reported[key] = true
	d := f.ds.Errorf(code, span, format, args...)
	f.chain(d)
	return d
}

// chain notes which instance of a block an error is in.
func (f *frame) chain(d *dsl.Diagnostic) {
	for s := f.scope; s != nil && s.Parent != nil; s = s.Parent {
		if s.Kind == ir.BlockScope && s.Span.IsValid() {
			d.Note(dsl.Span{}, "in %s, instantiated at %s", describe(s), line(s.Span))
		}
	}
}

// describe names a block's instance: layer2.0.
func describe(s *ir.Scope) string {
	if s.Path == "" {
		return s.Decl
	}
	return s.Path
}

// line is the place and text of the line where a span begins.
func line(s dsl.Span) string {
	n := s.Position().Line
	text := strings.TrimSpace(s.Source.Line(n))
	return fmt.Sprintf("line %d: %s", n, text)
}

// child is a frame inside this one, for another scope.
func (f *frame) child(s *ir.Scope) *frame {
	c := *f
	s.Parent = f.scope
	c.scope = s
	return &c
}

// emit adds a step.
func (f *frame) emit(o op.Op, path string, span dsl.Span, in ...*ir.Node) *ir.Node {
	if slices.Contains(in, bad) {
		return bad
	}
	if len(f.graph.Nodes) > maxSteps {
		f.errorf(TooMany, span, "the network has more than %d steps", maxSteps)
		return bad
	}
	shapes := make([]shape.Shape, len(in))
	for i, v := range in {
		shapes[i] = v.Shape
	}
	s, err := o.Infer(shapes)
	if err != nil {
		f.report(span, err)
		return bad
	}
	out := &ir.Node{Op: o, Args: in, Shape: s, Path: path, Scope: f.scope, Source: span}
	f.graph.Append(out)
	f.stride[out] = f.stride[in[0]] * strideOf(o)
	f.values = append(f.values, namedValue{path: path, value: out})
	return out
}

// maxSteps bounds a network. ResNet-1202 has about four thousand steps.
const maxSteps = 20_000

// strideOf is how much an operator subsamples.
func strideOf(o op.Op) int {
	switch o := o.(type) {
	case op.Conv:
		return o.Stride
	case op.Pool:
		return o.Stride
	case op.Subsample:
		return o.Stride
	}
	return 1
}

// report turns an operator's error into a diagnostic.
func (f *frame) report(span dsl.Span, err error) *dsl.Diagnostic {
	e, ok := err.(*op.Error)
	if !ok {
		return f.errorf(op.BadArgument, span, "%v", err)
	}
	at := span
	if e.At != nil {
		at = *e.At
	}
	d := f.errorf(e.Code, at, "%s", e.Message)
	switch {
	case e.Hint == "":
	case e.Edit == "":
		d.Hintf(nil, "%s", e.Hint)
	case e.At != nil:
		d.Hintf(&dsl.Edit{Span: at, Text: e.Edit}, "%s", e.Hint)
	default:
		end := dsl.Span{Source: span.Source, Start: span.End, End: span.End}
		d.Hintf(&dsl.Edit{Span: end, Text: e.Edit}, "%s", e.Hint)
	}
	return d
}

// define gives a value a name in the frame.
func (f *frame) define(name string, span dsl.Span, v *ir.Node) {
	if v == bad {
		if f.names[name] == nil {
			f.names[name] = bad
		}
		return
	}
	if old := f.names[name]; old != nil && old != bad && old.Source.IsValid() {
		f.errorf(Duplicate, span, "%s names a value already", name).Note(old.Source, "first here")
		return
	}
	f.names[name] = v
	f.name(join(f.prefix, name), v)
}

// lookup finds a named value.
func (f *frame) lookup(n dsl.Name) *ir.Node {
	if n.Text == "input" && f.input != nil {
		return f.input
	}
	if v := f.names[n.Text]; v != nil {
		return v
	}
	var candidates []string
	for name := range f.names {
		candidates = append(candidates, name)
	}
	slices.Sort(candidates)
	d := f.errorf(UnknownValue, n.Span, "no value is called %s here", n.Text)
	suggest(d, n.Span, n.Text, append(candidates, "input", "shortcut"))
	return bad
}

// join is a weight name below a prefix.
func join(prefix, label string) string {
	if prefix == "" || label == "" {
		return prefix + label
	}
	return prefix + "." + label
}
