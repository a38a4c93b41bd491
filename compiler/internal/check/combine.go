package check

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// combine adds, multiplies or concatenates the running value with another.
func (f *frame) combine(c *dsl.Combine, label *dsl.Name, v *ir.Node) *ir.Node {
	if c.Shortcut != nil {
		return f.shortcut(c, v)
	}
	var other *ir.Node
	switch {
	case c.Branch != nil:
		other = f.branch(c.Branch, label, v)
	case f.names[c.Value.Text] == nil && f.isStep(c.Value.Text):
		step := &dsl.Step{Span: c.Value.Span, Body: &dsl.Op{Span: c.Value.Span, Name: *c.Value}}
		other = f.runStep(step, label, v)
	default:
		other = f.lookup(*c.Value)
	}
	if v == bad || other == bad {
		return bad
	}
	var o op.Op
	switch c.Operator {
	case "+":
		return f.add(c, v, other, nil)
	case "*":
		o = op.Mul{}
	default:
		o = op.Concat{}
	}
	if _, err := o.Infer([]shape.Shape{v.Shape, other.Shape}); err != nil {
		d := f.report(c.Span, err)
		f.origins(d, v, other)
		return bad
	}
	return f.emit(o, join(f.prefix, o.Name()), c.Span, v, other)
}

// branch runs the chain behind an operator. A label before a combination in a
// numbered chain is the group's.
func (f *frame) branch(c *dsl.Chain, label *dsl.Name, v *ir.Node) *ir.Node {
	if g, ok := c.Steps[0].Body.(*dsl.Group); ok && len(c.Steps) == 1 && c.Steps[0].Label == nil && label != nil {
		return f.runGroup(g.Chain, label, v)
	}
	return f.runChain(c, v, false)
}

// isStep says whether a word behind "+" or its like is an operator, a block or
// a parameter that stands for one.
func (f *frame) isStep(name string) bool {
	if _, ok := f.params[name]; ok {
		return true
	}
	_, ok := op.Lookup(name)
	return ok || f.file.block(name) != nil
}

// origins notes where two values that do not fit come from.
func (f *frame) origins(d *dsl.Diagnostic, v, other *ir.Node) {
	d.Note(dsl.Span{}, "the main path ends at %s (%s)", v.Shape, at(v))
	d.Note(dsl.Span{}, "the other value is %s (%s)", other.Shape, at(other))
	move := len(d.Notes) - 2
	d.Notes = append(d.Notes[move:], d.Notes[:move]...)
}

// at says where a value was made.
func at(v *ir.Node) string {
	if !v.Source.IsValid() {
		return "the input"
	}
	return "line " + itoa(v.Source.Position().Line)
}

// add is "+". policy is the one that made other, or nil.
func (f *frame) add(c *dsl.Combine, v, other *ir.Node, policy *policyDecl) *ir.Node {
	if v == bad || other == bad {
		return bad
	}
	if _, err := (op.Add{}).Infer([]shape.Shape{v.Shape, other.Shape}); err != nil {
		d := f.report(c.Span, err)
		if policy == nil {
			f.origins(d, v, other)
		} else {
			d.Notes = append([]dsl.Note{{Message: "the main path ends at " + v.Shape.String() + " (" + at(v) + ")"}}, d.Notes...)
			f.cures(d, c, v)
		}
		return v
	}
	return f.emit(op.Add{}, join(f.prefix, "add"), c.Span, v, other)
}
