package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// model instantiates the model under its parameters.
func (c *checker) model(m *dsl.Model, file *fileScope, opts Options) *Model {
	t := &Model{Name: m.Name.Text, Doc: m.Doc(), Source: m.Span.Source, Decl: m, Batch: 1, Graph: c.graph}
	root := &ir.Scope{Kind: ir.ModelScope, Decl: m.Name.Text, Span: m.Span, Doc: m.Doc()}
	f := &frame{
		checker: c, file: file, scope: root, params: params{},
		names: map[string]*ir.Node{}, labels: newLabels(), stride: map[*ir.Node]int{},
	}
	if !f.modelParams(m, opts.Set) {
		return t
	}
	for _, p := range m.Params {
		t.Params = append(t.Params, Param{Name: p.Name.Text, Value: f.params[p.Name.Text].String()})
	}
	if v, ok := f.params["shortcut"]; ok {
		at := m.Name.Span
		for _, p := range m.Params {
			if p.Name.Text == "shortcut" && opts.Set["shortcut"] == "" && p.Default != nil {
				at = p.Default.At()
			}
		}
		if f.policy = f.resolvePolicy(v, at); f.policy == nil {
			f.policy = unknownPolicy
		}
	}
	v := f.statements(t, m, opts)
	if len(c.graph.Nodes) == 0 || c.ds.HasErrors() {
		return t
	}
	if opts.Outputs != nil {
		f.choose(t, m, opts.Outputs)
		return t
	}
	f.outputs(t, m, v)
	f.checkLabels(t, m)
	return t
}

// modelParams sets the model's parameters: their defaults, or what the caller
// says.
func (f *frame) modelParams(m *dsl.Model, set map[string]string) bool {
	bound := params{}
	var names []string
	for _, p := range m.Params {
		names = append(names, p.Name.Text)
	}
	ok := true
	for _, name := range sortedKeys(set) {
		if !slices.Contains(names, name) {
			d := f.errorf(UnknownParam, m.Name.Span, "model %s has no parameter %s", m.Name.Text, name)
			if near := dsl.Suggest(name, names); near != "" {
				d.Hintf(nil, "did you mean --set %s=%s?", near, set[name])
			} else {
				d.Hintf(nil, "it has %s", orNone(names))
			}
			ok = false
			continue
		}
		bound[name] = parseValue(set[name], f.file)
	}
	ok = f.defaults("model "+m.Name.Text, m.Params, bound, m.Name.Span, f.file) && ok
	f.params = bound
	return ok
}

// parseValue reads a parameter's value as --set gives it.
func parseValue(s string, file *fileScope) value {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return value{kind: intValue, n: n}
	}
	if s == "true" || s == "false" {
		return value{kind: flagValue, flag: s == "true"}
	}
	return value{kind: wordValue, word: s, scope: file}
}

// statements runs the model's statements in order and returns the last value.
func (f *frame) statements(t *Model, m *dsl.Model, opts Options) *ir.Node {
	var v *ir.Node
	for _, s := range m.Body {
		switch s := s.(type) {
		case *dsl.Input:
			if len(f.graph.Nodes) > 0 || v == bad {
				f.errorf(BadInput, s.Span, "the model has an input already")
				continue
			}
			v = f.declareInput(t, s, opts.Shape)
		case *dsl.ChainStmt, *dsl.Stage:
			if v == nil {
				f.errorf(NoInput, s.At(), "there is no input yet").Hintf(nil, "begin the model with input image [3, 224, 224]")
				return nil
			}
			if chain, ok := s.(*dsl.ChainStmt); ok {
				v = f.runChain(chain.Chain, v, false)
			} else {
				v = f.runStage(s.(*dsl.Stage), v)
			}
		case *dsl.Preprocess:
			if t.Preprocess != nil {
				f.errorf(BadPreprocess, s.Span, "the model has preprocessing already")
			}
			t.Preprocess = f.preprocess(s)
		case *dsl.Labels:
			for _, n := range s.Names {
				t.Classes = append(t.Classes, n.Value)
			}
		case *dsl.Published:
			f.published(t, s)
		case *dsl.Weights:
			if f.matches(s.When) {
				t.Weights = s.Path.Value
			}
		}
	}
	if v == nil {
		f.errorf(NoInput, m.Name.Span, "model %s has no input", m.Name.Text).Hintf(nil, "begin the model with input image [3, 224, 224]")
	} else if v == f.input && !f.ds.HasErrors() {
		f.errorf(Empty, m.Name.Span, "model %s has no steps", m.Name.Text)
	}
	return v
}

// declareInput makes the input's value; override is the shape that the caller
// asks for: channels, height and width, or with the batch before them.
func (f *frame) declareInput(t *Model, s *dsl.Input, override []int) *ir.Node {
	if len(override) == 4 {
		t.Batch, override = override[0], override[1:]
	}
	var dims [3]shape.Dim
	ranges := [3]string{"channels", "height", "width"}
	if s.Square != nil {
		ranges[1], ranges[2] = "side", "side"
	}
	if len(s.Dims) != 3 {
		return bad
	}
	for i, d := range s.Dims {
		if override != nil {
			dims[i] = shape.Const(override[i])
			continue
		}
		dim, ok := f.dim(d, ranges[i])
		if !ok {
			return bad
		}
		if i == 0 && !dim.IsConst() {
			f.errorf(BadInput, d.Span, "the number of channels cannot vary")
			return bad
		}
		dims[i] = dim
	}
	if s.Square != nil && override == nil {
		same, _ := f.sameRange(s.Dims[1], s.Dims[2])
		if !same {
			f.errorf(BadInput, s.Span, "a square input has one range for both sides")
			return bad
		}
		dims[2] = dims[1]
	}
	image := shape.Shape{C: dims[0].Max(), H: dims[1], W: dims[2]}
	if image.C > shape.MaxSize || image.Elements() > maxInput {
		f.errorf(BadInput, s.Span, "an input of %s is too large", image)
		return bad
	}
	v := &ir.Node{Op: op.Input{Shape: image}, Shape: image, Path: s.Name.Text, Scope: f.scope, Source: s.Span}
	f.graph.Append(v)
	f.stride[v] = 1
	f.input = v
	f.names[s.Name.Text] = v
	return v
}

// maxInput bounds an image: a gigabyte of float32.
const maxInput = 1 << 28

// dim evaluates a size or a range of sizes.
func (f *frame) dim(d *dsl.Dim, name string) (shape.Dim, bool) {
	low, ok := f.int(d.Low)
	high, step := low, int64(1)
	if d.High != nil {
		var fine bool
		high, fine = f.int(d.High)
		ok = ok && fine
	}
	if d.Step != nil {
		var fine bool
		step, fine = f.int(d.Step)
		ok = ok && fine
	}
	switch {
	case !ok:
		return shape.Dim{}, false
	case low < 1 || high > shape.MaxSize || high < low || step < 1:
		f.errorf(BadInput, d.Span, "sizes run from 1 to %d, upwards, by at least 1", shape.MaxSize)
		return shape.Dim{}, false
	case (high-low)/step >= shape.MaxSizes:
		f.errorf(BadInput, d.Span, "a range has at most %d sizes; this has %d", shape.MaxSizes, (high-low)/step+1)
		return shape.Dim{}, false
	case low+step > high:
		return shape.Const(int(low)), true
	}
	return shape.Var(&shape.Range{Name: name, Low: int(low), High: int(high), Step: int(step)}), true
}

// sameRange says whether two sizes are written with equal values.
func (f *frame) sameRange(a, b *dsl.Dim) (same, ok bool) {
	x, ok1 := f.dim(a, "")
	y, ok2 := f.dim(b, "")
	if !ok1 || !ok2 {
		return false, false
	}
	if x.IsConst() != y.IsConst() {
		return false, true
	}
	return x.Min() == y.Min() && x.Max() == y.Max() && (x.IsConst() || x.Range().Step == y.Range().Step), true
}

// outputs finds the model's outputs: those it names, or its last value.
func (f *frame) outputs(t *Model, m *dsl.Model, last *ir.Node) {
	for _, s := range m.Body {
		o, ok := s.(*dsl.Output)
		if !ok {
			continue
		}
		name := o.Name
		if o.Value != nil {
			name = *o.Value
		}
		v := f.lookup(name)
		if v == bad {
			continue
		}
		if slices.ContainsFunc(f.graph.Outputs, func(x ir.Output) bool { return x.Name == o.Name.Text }) {
			f.errorf(Duplicate, o.Name.Span, "there is an output %s already", o.Name.Text)
			continue
		}
		f.graph.Outputs = append(f.graph.Outputs, ir.Output{Name: o.Name.Text, Node: v})
	}
	if f.graph.Outputs == nil && !f.ds.HasErrors() {
		name := "output"
		for n, v := range f.names {
			if v == last && (name == "output" || n < name) {
				name = n
			}
		}
		f.graph.Outputs = []ir.Output{{Name: name, Node: last}}
	}
}

// checkLabels compares the class labels with the output that they name.
func (f *frame) checkLabels(t *Model, m *dsl.Model) {
	if t.Classes == nil || len(f.graph.Outputs) == 0 {
		return
	}
	i := slices.IndexFunc(m.Body, func(s dsl.Stmt) bool { _, ok := s.(*dsl.Labels); return ok })
	out := f.graph.Outputs[0].Node.Shape
	if out.C != len(t.Classes) {
		if slices.ContainsFunc(m.Params, func(p *dsl.Param) bool {
			return p.Name.Text == "classes" && f.params["classes"].n != int64(len(t.Classes)) && f.int64Default(p) == int64(len(t.Classes))
		}) {
			t.Classes = nil // the caller has asked for classes of another number
			return
		}
		f.errorf(BadLabels, m.Body[i].At(), "%s for an output of %s", count(len(t.Classes), "label"), out)
	}
}

// int64Default is the value of a parameter's literal default.
func (f *frame) int64Default(p *dsl.Param) int64 {
	if n, ok := p.Default.(*dsl.Number); ok {
		return n.Value
	}
	return -1
}

// matches says whether the model's parameters are those of a condition.
func (f *frame) matches(when []*dsl.CallArg) bool {
	for _, w := range when {
		if w.Name == nil {
			f.errorf(BadStatement, w.Span, "a condition is written name = value")
			return false
		}
		p, ok := f.params[w.Name.Text]
		if !ok {
			d := f.errorf(UnknownParam, w.Name.Span, "the model has no parameter %s", w.Name.Text)
			suggest(d, w.Name.Span, w.Name.Text, f.params.names())
			return false
		}
		inner := &frame{checker: f.checker, file: f.file, params: params{}}
		v := inner.eval(w.Value)
		if v.kind != p.kind || v.String() != p.String() {
			return false
		}
	}
	return true
}

// published records a result that was printed elsewhere, if it is about these
// parameters.
func (f *frame) published(t *Model, s *dsl.Published) {
	if !f.matches(s.When) {
		return
	}
	source := ""
	var results []Published
	for _, a := range s.Args {
		if a.Name == nil || a.No || a.Stride {
			f.errorf(BadStatement, a.Span, "a result is written top1-error 8.75")
			continue
		}
		switch v := a.Value.(type) {
		case *dsl.StringExpr:
			source = v.Value
		case *dsl.Decimal:
			results = append(results, Published{Metric: a.Name.Text, Value: v.Text})
		case *dsl.Number:
			results = append(results, Published{Metric: a.Name.Text, Value: strconv.FormatInt(v.Value, 10)})
		default:
			f.errorf(BadStatement, a.Span, "a result is a number")
		}
	}
	for i := range results {
		results[i].Source = source
	}
	t.Published = append(t.Published, results...)
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
