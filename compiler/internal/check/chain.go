package check

import (
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/dsl"
)

// runChain runs a chain from a value and returns the last. In a numbered chain,
// that of a labelled group, steps without a label are called by their position,
// every step counted, as PyTorch's Sequential does.
func (f *frame) runChain(c *dsl.Chain, v *ir.Node, numbered bool) *ir.Node {
	var conv *dsl.Name // label of the convolution immediately before
	var convName dsl.Name
	for i, s := range c.Steps {
		label := s.Label
		if label == nil && numbered {
			label = &dsl.Name{Span: s.Span, Text: strconv.Itoa(i)}
		}
		if label == nil && conv != nil && isNamed(s, "bn") {
			label = f.normLabel(*conv, s)
			if label == nil {
				return bad
			}
		}
		v = f.runStep(s, label, v)
		if s.Label != nil {
			f.define(s.Label.Text, s.Label.Span, v)
		}
		if s.As != nil {
			f.define(s.As.Text, s.As.Span, v)
		}
		conv = nil
		if label != nil && isNamed(s, "conv") {
			convName = *label
			conv = &convName
		}
	}
	return v
}

// isNamed says whether a step applies the operator of that name.
func isNamed(s *dsl.Step, name string) bool {
	o, ok := s.Body.(*dsl.Op)
	return ok && o.Name.Text == name
}

// normLabel is the name of an unlabelled batch normalisation: its
// convolution's, with conv turned into bn.
func (f *frame) normLabel(conv dsl.Name, s *dsl.Step) *dsl.Name {
	name := strings.Replace(conv.Text, "conv", "bn", 1)
	edit := &dsl.Edit{Span: dsl.Span{Source: s.Span.Source, Start: s.Span.Start, End: s.Span.Start}, Text: "bn_" + strings.ReplaceAll(conv.Text, ".", "_") + ": "}
	if name == conv.Text {
		f.errorf(Unnamed, s.Span, "this bn needs a label: its convolution %s has no conv in its name to turn into bn", conv.Text).
			Hintf(edit, "write %sbn", edit.Text)
		return nil
	}
	if first, taken := f.labels.used[join(f.prefix, name)]; taken {
		f.errorf(Unnamed, s.Span, "this bn needs a label: %s is taken", name).Note(first, "first here").
			Hintf(edit, "write %sbn", edit.Text)
		return nil
	}
	return &dsl.Name{Span: s.Span, Text: name}
}

// runStep runs one step. label is its name, written or by position, or nil.
func (f *frame) runStep(s *dsl.Step, label *dsl.Name, v *ir.Node) *ir.Node {
	switch b := s.Body.(type) {
	case *dsl.From:
		return f.lookup(b.Value)
	case *dsl.Mark:
		f.define(b.Name.Text, b.Name.Span, v)
		return v
	case *dsl.Group:
		return f.runGroup(b.Chain, label, v)
	case *dsl.Combine:
		return f.combine(b, label, v)
	case *dsl.Op:
		return f.apply(b, label, s.Span, v)
	}
	return bad
}

// runGroup runs a group from a value. A labelled group numbers its steps.
func (f *frame) runGroup(c *dsl.Chain, label *dsl.Name, v *ir.Node) *ir.Node {
	if label == nil {
		return f.runChain(c, v, false)
	}
	g := f.child(&ir.Scope{Kind: ir.GroupScope, Path: join(f.prefix, label.Text), Span: c.Span})
	g.prefix = g.scope.Path
	out := g.runChain(c, v, true)
	f.name(g.prefix, out)
	return out
}

// elsewhere are other frameworks' words that nobody would call misspelt, with what
// to write here.
var elsewhere = map[string]string{
	"averagepool": "write avgpool 2x2, /2, or avgpool alone for the average of the whole image",
	"avgpool2d":   "write avgpool 2x2, /2, or avgpool alone for the average of the whole image",
	"gap":         "write avgpool alone for the average of the whole image",
	"batchnorm":   "batch normalisation is written bn",
	"batchnorm2d": "batch normalisation is written bn",
	"dense":       "a fully connected layer is written linear 1000",
	"fc":          "a fully connected layer is written linear 1000",
	"dropout":     "leave it out: it does nothing in inference",
	"flatten":     "leave it out: linear takes the flattened image",
	"softmax":     "leave it out: outputs are logits, and resc run shows probabilities",
}

// apply runs an operator, a block, or what a parameter stands for.
func (f *frame) apply(o *dsl.Op, label *dsl.Name, span dsl.Span, v *ir.Node) *ir.Node {
	name, file := o.Name.Text, f.file
	if p, ok := f.params[name]; ok && p.kind == wordValue {
		name = p.word
		if p.scope != nil {
			file = p.scope
		}
	}
	if name == "identity" && !o.Called && len(o.Args) == 0 {
		return v
	}
	if block := file.block(name); block != nil {
		return f.applyBlock(block, o, label, v)
	}
	def, ok := op.Lookup(name)
	if !ok {
		d := f.errorf(UnknownOperator, o.Name.Span, "no operator or block is called %s", name)
		words := append(file.blockNames(), "identity")
		for _, def := range op.Operators {
			words = append(words, def.Word)
		}
		if f.names[name] != nil {
			d.Hintf(&dsl.Edit{Span: o.Name.Span, Text: "from " + name}, "%s is a value; from %s starts a chain there", name, name)
		} else {
			suggest(d, o.Name.Span, name, words)
		}
		if d.Hint == nil && elsewhere[name] != "" {
			d.Hintf(nil, "%s", elsewhere[name])
		}
		return bad
	}
	if v == bad {
		f.reserve(def, label)
		return bad
	}
	args, ok := f.arguments(def, o)
	if !ok {
		f.reserve(def, label)
		return bad
	}
	args.In, args.Span = v.Shape, span
	made, err := def.Make(args)
	if err != nil {
		f.reserve(def, label)
		f.report(o.Span, err)
		return bad
	}
	if p, ok := made.(op.Pool); ok && p.IsIdentity() {
		return v
	}
	path := join(f.prefix, def.Word)
	if label != nil {
		path = join(f.prefix, label.Text)
	}
	if def.Weighted {
		if label == nil {
			f.errorf(Unnamed, span, "this %s needs a label, which names its weights", def.Word).
				Hintf(&dsl.Edit{Span: dsl.Span{Source: span.Source, Start: span.Start, End: span.Start}, Text: def.Word + "1: "}, "write %s1: %s", def.Word, o.Span.Text())
			return bad
		}
		if !f.take(path, label.Span) {
			return bad
		}
	}
	return f.emit(made, path, span, v)
}

// reserve takes a weight name for a step that failed, so that later steps are
// named as they would have been.
func (f *frame) reserve(def *op.Def, label *dsl.Name) {
	if def.Weighted && label != nil {
		f.labels.used[join(f.prefix, label.Text)] = label.Span
	}
}

// take claims a weight name.
func (f *frame) take(path string, span dsl.Span) bool {
	if first, taken := f.labels.used[path]; taken {
		f.errorf(DuplicateWeight, span, "the weight name %s is in use", path).Note(first, "first here")
		return false
	}
	f.labels.used[path] = span
	return true
}
