package dsl

import (
	"fmt"
	"strings"
)

// Format returns the canonical text of a file: four spaces of indentation, one
// space around "->", comments and single empty lines kept, and the first "->" of
// labelled statements that follow each other aligned. Formatting twice changes
// nothing more. The file must have been parsed without errors.
func Format(f *File) string {
	p := &printer{}
	braces := braces(f.Decls)
	for i, d := range f.Decls {
		p.trivia(d.Comments(), i > 0, "")
		switch d := d.(type) {
		case *Import:
			p.end(fmt.Sprintf("import %s", Quote(d.Path.Value)), d.Line)
		case *Model:
			p.body("model "+d.Name.Text+paramList(d.Params), &d.Trivia, d.Body)
		case *Block:
			p.body("block "+d.Name.Text+paramList(d.Params), &d.Trivia, d.Body)
		case *Policy:
			p.policy(d, braces[i])
		}
	}
	p.comments(f.Trailing, len(f.Decls) > 0, "")
	return p.b.String()
}

type printer struct{ b strings.Builder }

// end prints a line with the comment behind it.
func (p *printer) end(text string, comment *Comment) {
	p.b.WriteString(text)
	if comment != nil {
		p.b.WriteString(" " + comment.Text)
	}
	p.b.WriteByte('\n')
}

// trivia prints the comments above a node, and the empty line before it.
func (p *printer) trivia(t *Trivia, blank bool, indent string) {
	p.comments(t.Leading, blank, indent)
	if t.Blank && blank || t.Blank && len(t.Leading) > 0 {
		p.b.WriteByte('\n')
	}
}

func (p *printer) comments(cs []Comment, blank bool, indent string) {
	for i, c := range cs {
		if c.Blank && (blank || i > 0) {
			p.b.WriteByte('\n')
		}
		p.end(indent+c.Text, nil)
	}
}

const indent = "    "

// body prints a declaration with its statements.
func (p *printer) body(header string, t *Trivia, body []Stmt) {
	p.end(header+" {", t.Line)
	columns := arrows(body)
	for i, s := range body {
		p.trivia(s.Comments(), i > 0, indent)
		p.end(indent+stmtText(s, columns[i]), s.Comments().Line)
	}
	p.comments(t.Inner, len(body) > 0, indent)
	p.end("}", t.End)
}

// policy prints its arms, or the only one on the line where it is written so,
// the brace behind a name of the given width.
func (p *printer) policy(d *Policy, width int) {
	if d.OneLine {
		a := d.Arms[0]
		p.end(fmt.Sprintf("shortcut %-*s { %s: %s }", width, d.Name.Text, a.Case.Text, chainText(a.Chain, 0, indent)), d.End)
		return
	}
	p.end("shortcut "+d.Name.Text+" {", d.Line)
	for i, a := range d.Arms {
		p.trivia(&a.Trivia, i > 0, indent)
		p.end(indent+a.Case.Text+": "+chainText(a.Chain, 0, indent+indent), a.Line)
	}
	p.comments(d.Inner, len(d.Arms) > 0, indent)
	p.end("}", d.End)
}

// braces finds for each declaration how wide its name is to be: policies on a
// line each, line under line, have their braces aligned.
func braces(decls []Decl) []int {
	widths := make([]int, len(decls))
	start := 0
	for i, d := range decls {
		policy, ok := d.(*Policy)
		if !ok || !policy.OneLine || policy.Blank || len(policy.Leading) > 0 {
			start = i
		}
		if !ok || !policy.OneLine {
			start = i + 1
			continue
		}
		for j := start; j <= i; j++ {
			widths[i] = max(widths[i], len(decls[j].(*Policy).Name.Text))
		}
		for j := start; j < i; j++ {
			widths[j] = widths[i]
		}
	}
	return widths
}

// arrows finds for each statement the column of its first "->": that of the
// widest among the labelled chains that stand together, line under line.
func arrows(body []Stmt) []int {
	columns := make([]int, len(body))
	start := 0
	flush := func(end int) {
		width := 0
		for _, s := range body[start:end] {
			width = max(width, len(stepText(s.(*ChainStmt).Chain.Steps[0])))
		}
		for i := start; i < end; i++ {
			columns[i] = width
		}
	}
	for i, s := range body {
		c, ok := s.(*ChainStmt)
		ok = ok && c.Chain.Steps[0].Label != nil && len(c.Chain.Steps) > 1 && c.Chain.Broke == nil
		broken := s.Comments().Blank || len(s.Comments().Leading) > 0
		if !ok || broken {
			flush(i)
			start = i
			if !ok {
				start = i + 1
			}
		}
	}
	flush(len(body))
	return columns
}

func paramList(ps []*Param) string {
	if len(ps) == 0 {
		return ""
	}
	var parts []string
	for _, p := range ps {
		text := p.Name.Text
		if p.Default != nil {
			text += " = " + exprText(p.Default)
		}
		parts = append(parts, text)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func stmtText(s Stmt, column int) string {
	switch s := s.(type) {
	case *Input:
		var dims []string
		for _, d := range s.Dims {
			dims = append(dims, dimText(d))
		}
		text := fmt.Sprintf("input %s [%s]", s.Name.Text, strings.Join(dims, ", "))
		if s.Square != nil {
			text += " square"
		}
		return text
	case *Stage:
		text := fmt.Sprintf("stage %s = %s x %s%s", s.Label.Text, exprText(s.Count), s.Block.Text, callText(s.Args, false))
		for _, a := range s.Options {
			text += ", " + argText(a)
		}
		return text
	case *Output:
		if s.Value == nil {
			return "output " + s.Name.Text
		}
		return fmt.Sprintf("output %s = %s", s.Name.Text, s.Value.Text)
	case *Preprocess:
		var steps []string
		for _, o := range s.Steps {
			steps = append(steps, opText(o))
		}
		return "preprocess " + strings.Join(steps, " -> ")
	case *Labels:
		return labelsText(s)
	case *Published:
		return "published" + callText(s.When, false) + " " + argList(s.Args)
	case *Weights:
		return "weights" + callText(s.When, false) + " " + Quote(s.Path.Value)
	case *ChainStmt:
		return chainText(s.Chain, column, indent+indent)
	}
	return ""
}

// labelsText breaks a long list of class names, a few on a line.
func labelsText(s *Labels) string {
	const width = 100
	line := "labels ["
	var lines []string
	for i, n := range s.Names {
		item := Quote(n.Value)
		if i < len(s.Names)-1 {
			item += ","
		}
		if i > 0 {
			if len(indent)+len(line)+1+len(item) > width {
				lines = append(lines, line)
				line = indent + indent
			} else {
				line += " "
			}
		}
		line += item
	}
	return strings.Join(append(lines, line+"]"), "\n")
}

func dimText(d *Dim) string {
	text := exprText(d.Low)
	if d.High != nil {
		text += ".." + exprText(d.High)
	}
	if d.Step != nil {
		text += " by " + exprText(d.Step)
	}
	return text
}

// chainText joins steps; column is where the first "->" goes at least, and
// indent where a step stands that begins a line of its own.
func chainText(c *Chain, column int, indent string) string {
	var b strings.Builder
	for i, s := range c.Steps {
		text := stepText(s)
		switch {
		case i == 0:
		case c.Broke != nil && c.Broke[i]:
			b.WriteString("\n" + indent + "-> ")
		default:
			if i == 1 && b.Len() < column {
				b.WriteString(strings.Repeat(" ", column-b.Len()))
			}
			b.WriteString(" -> ")
		}
		b.WriteString(text)
	}
	return b.String()
}

func stepText(s *Step) string {
	text := ""
	if s.Label != nil {
		text = s.Label.Text + ": "
	}
	switch b := s.Body.(type) {
	case *From:
		text += "from " + b.Value.Text
	case *Mark:
		text += "as " + b.Name.Text
	case *Group:
		text += "(" + chainText(b.Chain, 0, indent+indent) + ")"
	case *Op:
		text += opText(b)
	case *Combine:
		text += combineText(b)
	}
	if s.As != nil {
		text += " as " + s.As.Text
	}
	return text
}

func combineText(c *Combine) string {
	switch {
	case c.Shortcut != nil && c.Shortcut.Policy != nil:
		return fmt.Sprintf("%s shortcut(%s)", c.Operator, c.Shortcut.Policy.Text)
	case c.Shortcut != nil:
		return c.Operator + " shortcut"
	case c.Value != nil:
		return c.Operator + " " + c.Value.Text
	}
	return c.Operator + " " + chainText(c.Branch, 0, indent+indent)
}

func opText(o *Op) string {
	text := o.Name.Text
	if o.Called {
		text += callText(o.Call, true)
		if len(o.Args) > 0 {
			return text + ", " + argList(o.Args)
		}
		return text
	}
	if len(o.Args) > 0 {
		text += " " + argList(o.Args)
	}
	return text
}

func argList(args []*Arg) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, argText(a))
	}
	return strings.Join(parts, ", ")
}

func callText(args []*CallArg, always bool) string {
	if len(args) == 0 && !always {
		return ""
	}
	var parts []string
	for _, a := range args {
		text := exprText(a.Value)
		if a.Name != nil {
			text = a.Name.Text + " = " + text
		}
		parts = append(parts, text)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func argText(a *Arg) string {
	switch {
	case a.Stride:
		return "/" + exprText(a.Value)
	case a.No:
		return "no " + a.Name.Text
	case a.Name != nil:
		return a.Name.Text + " " + exprText(a.Value)
	}
	return exprText(a.Value)
}

func exprText(e Expr) string {
	switch e := e.(type) {
	case *Number:
		return fmt.Sprint(e.Value)
	case *Decimal:
		return e.Text
	case *NameExpr:
		return e.Name
	case *Binary:
		if e.Operator == "*" {
			return exprText(e.X) + "*" + exprText(e.Y)
		}
		return exprText(e.X) + " " + e.Operator + " " + exprText(e.Y)
	case *Call:
		return e.Func.Text + "(" + exprList(e.Args) + ")"
	case *Paren:
		return "(" + exprText(e.X) + ")"
	case *KernelExpr:
		if e.Paren {
			return "(" + exprText(e.Height) + " x " + exprText(e.Width) + ")"
		}
		return exprText(e.Height) + "x" + exprText(e.Width)
	case *PadExpr:
		if len(e.Sides) == 2 {
			return exprText(e.Sides[0]) + ":" + exprText(e.Sides[1])
		}
		return "(" + exprList(e.Sides) + ")"
	case *ListExpr:
		return "[" + exprList(e.Items) + "]"
	case *StringExpr:
		return Quote(e.Value)
	}
	return ""
}

func exprList(es []Expr) string {
	var parts []string
	for _, e := range es {
		parts = append(parts, exprText(e))
	}
	return strings.Join(parts, ", ")
}

// Quote is a string literal of the language. What it means is s where Holds(s).
func Quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
