package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// shortcut adds the block's input through the policy in force: the statement's,
// or else the stage's, or else the model's.
func (f *frame) shortcut(c *dsl.Combine, v *ir.Node) *ir.Node {
	if c.Operator != "+" {
		f.errorf(BadStatement, c.Span, "a shortcut is added: write + shortcut")
		return bad
	}
	policy := f.policy
	if name := c.Shortcut.Policy; name != nil {
		policy = f.resolvePolicy(f.eval(&dsl.NameExpr{Span: name.Span, Name: name.Text}), name.Span)
		if policy == nil {
			return v
		}
	}
	if f.input == nil || f.scope.Kind == ir.ModelScope {
		f.errorf(BadStatement, c.Span, "a shortcut adds the block's input, but this is no block").
			Hintf(nil, "write + and the name of a value")
		return v
	}
	if policy == nil {
		f.errorf(NoPolicy, c.Span, "no shortcut policy is in force").
			Hintf(nil, "give the model a parameter, model NAME(shortcut = B), or say + shortcut(B)")
		return v
	}
	if v == bad || policy == unknownPolicy {
		return bad
	}
	other, removed := f.through(policy, c, v)
	if removed {
		return v
	}
	return f.add(c, v, other, policy)
}

// difference is how a block's input differs from its main path.
type difference int

const (
	nothing difference = iota
	channels
	sizes
)

// through runs a policy and returns the block's input as the policy changes it,
// or removed where the policy leaves no addition.
func (f *frame) through(p *policyDecl, c *dsl.Combine, v *ir.Node) (out *ir.Node, removed bool) {
	kind, varies := compare(f.input.Shape, v.Shape)
	arm := p.arm(kind)
	if varies != "" {
		otherwise := channels
		if f.input.Shape.C == v.Shape.C {
			otherwise = nothing
		}
		if p.arm(otherwise) != arm {
			f.errorf(PolicyVaries, c.Span, "shortcut(%s) would differ between input sizes: the shapes differ for an input of %s, but not for every", p.Name.Text, varies).
				Note(dsl.Span{}, "the main path ends at %s (%s), the block's input is %s", v.Shape, at(v), f.input.Shape).
				Hintf(nil, "narrow the input's range, or choose a policy that is the same for all")
			return bad, false
		}
	}
	if arm == nil {
		f.errorf(NoArm, c.Span, "shortcut(%s) has no arm for %s and %s", p.Name.Text, f.input.Shape, v.Shape).
			Note(p.Name.Span, "declared here").Hintf(nil, "add an arm else: …")
		return bad, false
	}
	first := arm.Chain.Steps[0]
	if isNamed(first, "zero") && len(arm.Chain.Steps) == 1 {
		return nil, true
	}
	g := f.child(&ir.Scope{Kind: ir.PolicyScope, Path: f.prefix, Decl: p.Name.Text, Span: c.Span, Doc: p.Doc()})
	g.file = p.scope
	g.params = params{
		"in":     {kind: intValue, n: int64(f.input.Shape.C)},
		"out":    {kind: intValue, n: int64(v.Shape.C)},
		"stride": {kind: intValue, n: int64(max(f.stride[v], 1))},
	}
	return g.runChain(arm.Chain, f.input, false), false
}

// arm is the first arm that takes a difference.
func (p *policyDecl) arm(d difference) *dsl.Arm {
	for _, a := range p.Arms {
		switch a.Case.Text {
		case "same":
			if d == nothing {
				return a
			}
		case "channels":
			if d == channels {
				return a
			}
		default:
			return a
		}
	}
	return nil
}

// compare says how two shapes differ. varies names an input size where heights
// or widths differ, if for other sizes they do not.
func compare(a, b shape.Shape) (d difference, varies string) {
	same, failing := shape.SameSize(a, b)
	switch {
	case !same:
		d = sizes
		if shape.EverSame(a, b) {
			varies = failing
		}
	case a.C != b.C:
		d = channels
	}
	return d, varies
}

// cures hints at the policies that would make an addition legal, with what each
// costs here. Policies that would do the same are named once.
func (f *frame) cures(d *dsl.Diagnostic, c *dsl.Combine, v *ir.Node) {
	if d.Message == "" {
		return // reported before
	}
	type cure struct {
		text, edit string
		weighted   bool
	}
	var cures []cure
	var seen []string
	for _, p := range f.file.policyList() {
		removed := false
		fits := false
		steps, ok := f.try(func() {
			var other *ir.Node
			other, removed = f.through(p, c, v)
			if removed || other == bad {
				return
			}
			_, err := (op.Add{}).Infer([]shape.Shape{v.Shape, other.Shape})
			fits = err == nil
		})
		if !ok || removed || !fits {
			continue
		}
		kind, _ := compare(f.input.Shape, v.Shape)
		arm := p.arm(kind)
		if key := arm.Chain.Span.Text(); slices.Contains(seen, key) {
			continue
		} else {
			seen = append(seen, key)
		}
		x := cure{edit: p.Name.Text}
		params, macs := price(steps)
		x.weighted = params > 0
		x.text = fmt.Sprintf("shortcut(%s) %s (%s)", p.Name.Text, deed(steps, arm), cost(params, macs))
		cures = append(cures, x)
	}
	if len(cures) == 0 {
		return
	}
	slices.SortStableFunc(cures, func(a, b cure) int {
		switch {
		case a.weighted == b.weighted:
			return 0
		case a.weighted:
			return -1
		}
		return 1
	})
	var texts []string
	for _, x := range cures {
		texts = append(texts, x.text)
	}
	d.Hintf(&dsl.Edit{Span: c.Shortcut.Span, Text: "shortcut(" + cures[0].edit + ")"}, "%s", strings.Join(texts, "; "))
}

// deed says in a word what a policy's steps do.
func deed(steps []*ir.Node, arm *dsl.Arm) string {
	where := ""
	if arm.Case.Text != "all" {
		where = " where shapes differ"
	}
	for _, s := range steps {
		if _, ok := s.Op.(op.PadChannels); ok {
			return "pads"
		}
	}
	for _, s := range steps {
		if len(s.Weights()) > 0 {
			return "projects" + where
		}
	}
	return "fits" + where
}

// price is what steps cost.
func price(steps []*ir.Node) (params, macs int64) {
	for _, s := range steps {
		params += s.Params()
		macs += s.MACs()
	}
	return params, macs
}

// cost prints a price: "+132,096 parameters, +102.8 M multiply-adds here".
func cost(params, macs int64) string {
	if params == 0 && macs == 0 {
		return "+0"
	}
	return fmt.Sprintf("+%s parameters, +%s multiply-adds here", Thousands(params), Millions(macs))
}

// Thousands writes a number with commas.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Millions writes a number of multiply-adds, in millions to one decimal where
// it is a million or more.
func Millions(n int64) string {
	if n < 1_000_000 {
		return Thousands(n)
	}
	return Thousands((n+50_000)/1_000_000) + fmt.Sprintf(".%d M", (n+50_000)/100_000%10)
}

func itoa(n int) string { return strconv.Itoa(n) }
