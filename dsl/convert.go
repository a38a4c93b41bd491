package dsl

import (
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// converter makes the syntax tree of what participle read.
type converter struct {
	src *Source
	ds  *Diagnostics
}

// span covers a node's tokens.
func (c *converter) span(tokens []lexer.Token) Span {
	if len(tokens) == 0 {
		return Span{c.src, 0, 0}
	}
	return c.src.tokenSpan(tokens[0]).To(c.src.tokenSpan(tokens[len(tokens)-1]))
}

func (c *converter) name(g *gName) *Name {
	if g == nil {
		return nil
	}
	return &Name{c.span(g.Tokens), g.Text}
}

func (c *converter) params(gs []*gParam) []*Param {
	var ps []*Param
	for _, g := range gs {
		p := &Param{Span: c.span(g.Tokens), Name: *c.name(&g.Name)}
		if g.Default != nil {
			p.Default = c.expr(g.Default)
		}
		ps = append(ps, p)
	}
	return ps
}

func (c *converter) call(g *gCall) []*CallArg {
	if g == nil {
		return nil
	}
	var args []*CallArg
	for _, a := range g.Args {
		args = append(args, &CallArg{c.span(a.Tokens), c.name(a.Name), c.expr(a.Value)})
	}
	return args
}

func (c *converter) args(gs []*gArg) []*Arg {
	var args []*Arg
	for _, g := range gs {
		a := &Arg{Span: c.span(g.Tokens)}
		switch {
		case g.Stride != nil:
			a.Stride, a.Value = true, c.expr(g.Stride)
		case g.No != nil:
			a.No, a.Name = true, &Name{c.span(g.No.Tokens), g.No.Text}
		case g.Value != nil:
			a.Value = c.expr(g.Value)
		case g.Of != nil:
			a.Name, a.Value = &Name{c.span(g.Option.Tokens), g.Option.Text}, c.pad(g.Of)
		default:
			a.Value = c.pad(g.Plain)
		}
		args = append(args, a)
	}
	return args
}

func (c *converter) pad(g *gPad) Expr {
	switch {
	case g.Sides != nil:
		return &PadExpr{c.span(g.Tokens), c.exprs(g.Sides)}
	case g.After != nil:
		return &PadExpr{c.span(g.Tokens), []Expr{c.expr(g.Value), c.expr(g.After)}}
	}
	return c.expr(g.Value)
}

func (c *converter) chain(g *gChain) *Chain {
	steps := []*gStep{g.First}
	broke := []bool{false}
	line := c.lastLine(g.First.Tokens)
	any := false
	for _, n := range g.Rest {
		steps = append(steps, n.Step)
		broken := n.Tokens[0].Pos.Line > line
		any = any || broken
		broke = append(broke, broken)
		line = c.lastLine(n.Tokens)
	}
	if !any {
		broke = nil
	}
	return c.steps(steps, broke, c.span(g.Tokens))
}

// lastLine is the line on which the last of the tokens stands.
func (c *converter) lastLine(tokens []lexer.Token) int { return tokens[len(tokens)-1].Pos.Line }

// steps converts a chain. Where a branch begins with an operator, it takes the
// rest of the chain.
func (c *converter) steps(gs []*gStep, broke []bool, span Span) *Chain {
	chain := &Chain{Span: span, Broke: broke}
	for i, g := range gs {
		s := c.step(g)
		chain.Steps = append(chain.Steps, s)
		combine, ok := s.Body.(*Combine)
		if !ok || combine.Branch == nil || i+1 == len(gs) {
			continue
		}
		if _, closed := combine.Branch.Steps[0].Body.(*Group); closed || s.As != nil {
			continue
		}
		var rest []bool
		if broke != nil {
			rest = append([]bool{false}, broke[i+1:]...)
			chain.Broke = broke[:i+1]
		}
		more := c.steps(gs[i+1:], nil, span)
		combine.Branch.Steps = append(combine.Branch.Steps, more.Steps...)
		combine.Branch.Broke = rest
		combine.Branch.Span = combine.Branch.Span.To(span)
		combine.Span, s.Span = combine.Span.To(span), s.Span.To(span)
		return chain
	}
	return chain
}

func (c *converter) step(g *gStep) *Step {
	s := &Step{Span: c.span(g.Tokens), Label: c.label(g.Label), As: c.name(g.As)}
	switch {
	case g.From != nil:
		s.Body = &From{s.Span, *c.name(g.From)}
	case g.Mark != nil:
		s.Body = &Mark{s.Span, *c.name(g.Mark)}
	case g.Combine != nil:
		s.Body = c.combine(g.Combine)
	case g.Group != nil:
		s.Body = &Group{s.Span, c.chain(g.Group)}
	default:
		s.Body = c.op(g.Op)
	}
	return s
}

func (c *converter) label(g *gLabel) *Name {
	if g == nil {
		return nil
	}
	return &Name{c.span(g.Tokens), g.Text}
}

func (c *converter) combine(g *gCombine) *Combine {
	m := &Combine{Span: c.span(g.Tokens), Operator: g.Operator}
	if g.Policy != nil {
		m.Shortcut = &Shortcut{c.span(g.Policy.Tokens), c.name(g.Policy.Policy)}
		return m
	}
	o := g.Operand
	if o.Op != nil && o.Label == nil && !o.Op.hasArguments() && !IsOperator(o.Op.Name.Text) {
		m.Value = c.name(&o.Op.Name)
		return m
	}
	s := c.step(&gStep{Tokens: o.Tokens, Label: o.Label, From: o.From, Group: o.Group, Op: o.Op})
	m.Branch = &Chain{Span: s.Span, Steps: []*Step{s}}
	return m
}

func (g *gOp) hasArguments() bool { return g.Call != nil || g.First != nil }

func (c *converter) op(g *gOp) *Op {
	args := g.Behind
	if g.First != nil {
		args = append([]*gArg{g.First}, g.Args...)
	}
	o := &Op{Span: c.span(g.Tokens), Name: *c.name(&g.Name), Called: g.Call != nil, Call: c.call(g.Call), Args: c.args(args)}
	if o.Called && IsOperator(o.Name.Text) {
		c.uncall(o, c.span(g.Call.Tokens))
	}
	return o
}

// uncall makes an argument of what reads like a call of an operator: zeropad
// (1, 2, 3, 4), or avgpool (k).
func (c *converter) uncall(o *Op, span Span) {
	var values []Expr
	for _, a := range o.Call {
		if a.Name != nil {
			return
		}
		values = append(values, a.Value)
	}
	first := &Arg{Span: span}
	switch len(values) {
	case 1:
		first.Value = &Paren{span, values[0]}
	case 4:
		first.Value = &PadExpr{span, values}
	default:
		return
	}
	o.Called, o.Call = false, nil
	o.Args = append([]*Arg{first}, o.Args...)
}

func (c *converter) exprs(gs []*gExpr) []Expr {
	var es []Expr
	for _, g := range gs {
		es = append(es, c.expr(g))
	}
	return es
}

func (c *converter) expr(g *gExpr) Expr {
	e := c.term(g.Left)
	for _, r := range g.Rest {
		y := c.term(r.Term)
		e = &Binary{e.At().To(y.At()), r.Operator, e, y}
	}
	return e
}

func (c *converter) term(g *gTerm) Expr {
	e := c.factor(g.Left)
	for _, r := range g.Rest {
		y := c.factor(r)
		e = &Binary{e.At().To(y.At()), "*", e, y}
	}
	return e
}

func (c *converter) factor(g *gFactor) Expr {
	span := c.span(g.Tokens)
	switch {
	case g.Kernel != "":
		h, w, _ := strings.Cut(g.Kernel, "x")
		return &KernelExpr{Span: span, Height: c.number(h, span), Width: c.number(w, span)}
	case g.Decimal != "":
		v, err := strconv.ParseFloat(g.Decimal, 64)
		if err != nil {
			c.ds.Errorf(BadNumber, span, "%s is no number that a float64 can hold", g.Decimal)
		}
		return &Decimal{span, g.Decimal, v}
	case g.Int != "":
		return c.number(g.Int, span)
	case g.Text != "":
		return &StringExpr{span, c.unquote(g.Text, span)}
	case g.List != nil:
		l := &ListExpr{Span: c.span(g.List.Tokens)}
		for _, i := range g.List.Items {
			l.Items = append(l.Items, c.item(i))
		}
		return l
	case g.Call != nil:
		return &Call{c.span(g.Call.Tokens), *c.name(&g.Call.Name), c.exprs(g.Call.Args)}
	case g.Word != "":
		return &NameExpr{span, g.Word}
	case g.Width != nil:
		return &KernelExpr{span, c.expr(g.Paren), c.expr(g.Width), true}
	default:
		return &Paren{span, c.expr(g.Paren)}
	}
}

// item is an element of a list, which may be negative.
func (c *converter) item(g *gItem) Expr {
	e := c.expr(g.Value)
	if !g.Minus {
		return e
	}
	span := c.span(g.Tokens)
	switch e := e.(type) {
	case *Number:
		return &Number{span, -e.Value}
	case *Decimal:
		return &Decimal{span, "-" + e.Text, -e.Value}
	}
	c.ds.Errorf(SyntaxError, span, "only a number can be negative")
	return e
}

func (c *converter) number(text string, span Span) *Number {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		c.ds.Errorf(BadNumber, span, "%s is too large", text)
		v = 1 // a value that nothing else objects to
	}
	return &Number{span, v}
}

// unquote reads a string literal.
func (c *converter) unquote(text string, span Span) string {
	var b strings.Builder
	inner := text[1 : len(text)-1]
	for i := 0; i < len(inner); i++ {
		if inner[i] == '\\' {
			i++
			if inner[i] != '"' && inner[i] != '\\' {
				c.ds.Errorf(BadString, span, `\%c means nothing in a string; only \" and \\ do`, inner[i])
				return b.String()
			}
		}
		b.WriteByte(inner[i])
	}
	return b.String()
}

func (c *converter) text(g *gText) Text {
	span := c.span(g.Tokens)
	return Text{span, c.unquote(g.Value, span)}
}
